# python3: json, hashlib, threading, subprocess, sqlite3, asyncio, socket, decimal, and more of the library.
python3 -c '
import json, hashlib, threading, subprocess, sqlite3, asyncio, socket, decimal, sys, platform, os, re, zlib, struct, math, random, fractions, collections, tempfile, signal, time, queue, concurrent.futures, multiprocessing, ctypes, itertools, datetime, array, bz2, lzma, csv, io, uuid, statistics, mmap, select
print(platform.machine(), sys.byteorder, struct.calcsize("P"), os.uname().sysname)
data = {"list": [1, 2.5, None, True], "text": "h\u00e9llo", "nested": {"k": list(range(20))}}
text = json.dumps(data, sort_keys=True); print(text, json.loads(text) == data, json.dumps(1e-7), json.loads("1e400"))
for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b", "blake2s"): print(name, hashlib.new(name, text.encode() * 1000).hexdigest()[:32])
print(hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 1000).hex(), zlib.crc32(text.encode()), zlib.adler32(text.encode()))
total, lock = 0, threading.Lock()
def work():
    global total
    for _ in range(2000):
        with lock: total += 1
threads = [threading.Thread(target=work) for _ in range(6)]; [t.start() for t in threads]; [t.join() for t in threads]; print("threads", total)
q = queue.Queue(3); results = []
def consume():
    while (item := q.get()) is not None: results.append(item * item)
t = threading.Thread(target=consume); t.start(); [q.put(i) for i in range(100)]; q.put(None); t.join(); print(sum(results))
with concurrent.futures.ThreadPoolExecutor(4) as pool: print(list(pool.map(lambda n: n ** 3, range(8))))
print(subprocess.run(["sh", "-c", "echo out; echo err >&2; exit 4"], capture_output=True, text=True)); print(subprocess.check_output(["uname", "-m"], text=True).strip())
try: subprocess.run(["/nonexistent/program"])
except FileNotFoundError as error: print("missing", error.errno)
p = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE); print(p.communicate(b"x" * 200000)[0] == b"x" * 200000, p.returncode)
try: subprocess.run(["sleep", "10"], timeout=0.2)
except subprocess.TimeoutExpired: print("timeout")
p = subprocess.Popen(["sleep", "10"]); p.terminate(); print(p.wait())
'
python3 -c '
import sqlite3, asyncio, socket, decimal, os, math, random, fractions, collections, threading, multiprocessing, ctypes, datetime, lzma, bz2, struct, signal, time, statistics, mmap, tempfile, re, io, csv
db = sqlite3.connect(":memory:"); db.execute("create table t(a integer primary key, b text, c real)")
db.executemany("insert into t(b, c) values(?, ?)", ((f"name{i % 37}", i / 7) for i in range(3000))); print(db.execute("select b, count(*), round(sum(c), 3) from t group by b order by 3 desc limit 3").fetchall(), db.execute("select sqlite_version() > 3, total(c), avg(a) from t where b like ?", ("%3%",)).fetchone())
async def echo(reader, writer):
    while line := await reader.readline(): writer.write(line.upper()); await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0); port = server.sockets[0].getsockname()[1]
    async def client(n):
        reader, writer = await asyncio.open_connection("127.0.0.1", port); writer.write(b"hello %d\n" % n); answer = await reader.readline(); writer.close(); return answer.decode().strip()
    print(sorted(await asyncio.gather(*(client(n) for n in range(5))))); server.close()
    process = await asyncio.create_subprocess_exec("echo", "child", stdout=asyncio.subprocess.PIPE); print((await process.communicate())[0], process.returncode)
    try: await asyncio.wait_for(asyncio.sleep(10), 0.05)
    except asyncio.TimeoutError: print("timed out")
asyncio.run(main())
a, b = socket.socketpair(); a.sendall(b"ping"); print(b.recv(10)); s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); s.sendto(b"datagram", s.getsockname()); print(s.recvfrom(20)[0])
decimal.getcontext().prec = 60; print(decimal.Decimal(2).sqrt(), decimal.Decimal(1) / 7, decimal.Decimal("1e500") * 3, sum(fractions.Fraction(1, n) for n in range(1, 30)))
print(math.pi, math.e ** 10, math.sin(1e6), math.gamma(5.5), 0.1 + 0.2, 1e16 + 1, 2 ** 200 // 3 ** 50, -7 // 2, -7 % 3, round(2.5), float("nan") == float("nan"), float("1e-320"), (0.1).hex(), math.fsum([0.1] * 10), math.nextafter(1, 2))
random.seed(42); print([random.randint(0, 1000) for _ in range(6)], random.random(), random.gauss(0, 1)); print(statistics.stdev([1.5, 2.5, 4]), datetime.datetime.fromtimestamp(0, datetime.UTC).isoformat())
print(re.findall(r"(\w+)@(\w+)\.org", "a@b.org, cc@dd.org"), struct.pack("<hqd", -2, 1 << 40, 1.5).hex(), len(lzma.decompress(lzma.compress(b"abc" * 5000))), len(bz2.decompress(bz2.compress(b"xyz" * 5000))))
libc = ctypes.CDLL(None); print(libc.abs(-5), ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda n: n * 2)(21)); libc.strlen.restype = ctypes.c_size_t; print(libc.strlen(b"four"))
values = (ctypes.c_int * 5)(5, 3, 9, 1, 7); compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int)); libc.qsort(values, 5, 4, compare(lambda x, y: x[0] - y[0])); print(list(values))
seen = []; signal.signal(signal.SIGALRM, lambda *a: seen.append("alarm")); signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(0.2); print(seen); pid = os.fork()
if pid == 0: os._exit(23)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])); context = multiprocessing.get_context("fork")
with context.Pool(2) as pool: print(pool.map(math.factorial, range(10)))
m = mmap.mmap(-1, 10000); m[5000:5005] = b"inner"; print(m.find(b"inner")); print(collections.Counter("mississippi").most_common(2), sorted(os.environ)[:0])
class Node:
    def __init__(self, n): self.children = [Node(i) for i in range(n)]
    def depth(self): return 1 + max((c.depth() for c in self.children), default=0)
print(Node(9).depth()); exec("x = [i * j for i in range(50) for j in range(50) if (i ^ j) & 1]"); print(sum(x))
try: (lambda f: f(f))(lambda f: f(f))
except RecursionError: print("recursion")
'
