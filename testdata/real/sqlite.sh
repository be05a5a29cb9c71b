# sqlite3: a file with indices, transactions, joins, windows, recursion, text search, json.
sqlite3 data.db "
pragma journal_mode = wal; create table people(id integer primary key, name text, score real, parent integer references people(id));
with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) insert into people select i, 'p' || (i * 7919 % 1000), (i * 104729 % 10007) / 8.0, nullif(i / 3, 0) from n;
create index by_name on people(name); create index by_score on people(score desc); analyze;
select count(*), round(avg(score), 4), min(name), max(name) from people; select name, count(*) from people group by name having count(*) > 4 order by 2 desc, 1 limit 3;
select p.id, q.name from people p join people q on p.parent = q.id where p.score > 995 order by p.id limit 3;
with recursive up(id, depth) as (select 4999, 0 union all select parent, depth + 1 from people, up where people.id = up.id and parent is not null) select group_concat(id, '>') from up;
select id, rank() over (order by score desc), round(sum(score) over (order by id rows 3 preceding), 2) from people limit 3;
begin; delete from people where id % 2; select changes(), count(*) from people; rollback; select count(*) from people;
create virtual table words using fts5(body); insert into words values ('the quick brown fox'), ('lazy dogs sleep'), ('quick quick slow'); select rowid from words where words match 'quick' order by rank;
select json_extract('{\"a\":[1,2,{\"b\":\"x\"}]}', '\$.a[2].b'), json_group_array(id) from people where id < 5; select hex(zeroblob(4)), typeof(1.0), 7 / 2, 7.0 / 2, 9223372036854775807 + 1, printf('%.3f', 1.0 / 3), upper('abc'), substr('hello', -3);
pragma integrity_check; vacuum;"
sqlite3 data.db .dump | sha256sum; sqlite3 -csv -header data.db 'select * from people limit 2'; sqlite3 data.db 'select bad from people' 2>/dev/null; echo "error $?"
