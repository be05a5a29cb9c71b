# git: init, add, commit, branch, merge, log, diff, pack, fsck, clone.
export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.org
export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z' GIT_PAGER=cat
git init -q -b main repository && cd repository || exit 1
for i in $(seq 40); do seq "$i" $((i + 200)) >"file$i"; done
git add . && git commit -q -m first && git rev-parse HEAD
sed -i 5d file3; echo more >>file7; rm file9; git add -A; git diff --cached --stat; git commit -q -m second; git rev-parse HEAD
git checkout -q -b side HEAD~1; echo side >side; git add side; git commit -q -m side; git checkout -q main; git merge -q --no-edit side; git rev-parse HEAD
git log --oneline --graph; git log -p -1 --format=%s%n%an main~1 -- file3; git show --stat --format=%H side | head -n 3
git gc -q --aggressive --prune=now; git count-objects -v | grep -E 'count|in-pack|packs'; git fsck --full --strict 2>&1; git verify-pack -v .git/objects/pack/*.idx | tail -n 1 | sed 's,.*pack-[0-9a-f]*,,'
cd .. && git clone -q repository clone && git -C clone log -1 --format=%H%d && git -C clone status --short --branch
git -C clone blame -s file7 | tail -n 2; git -C clone archive --format=tar HEAD | sha256sum; git -C repository bisect start -q main main~2 >/dev/null && git -C repository bisect reset -q; git -C repository stash list
