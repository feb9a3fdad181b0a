#!/usr/bin/env python3
"""Fuzz/seeds.py FOLDER COSTLY: writes seeds of the fuzz targets, from Protocol/Vectors and from texts below, into a
folder, and the worst cases, which are timed and too slow to be mutated, into another."""
import hashlib
import json
import os
import sys
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VECTORS = os.path.join(ROOT, "Protocol", "Vectors")
sys.path.insert(0, os.path.join(VECTORS, "independent"))
from frames import put_changes, put_frame  # noqa: E402
from wire import put_body, put_header  # noqa: E402
KINDS = ["hello", "knowledge", "changes", "part", "acknowledgement", "error", "done",
         "bundleManifest", "bundleSeal"]

CONFIGURATIONS = [
    "# all\nlisten = 127.0.0.1:8440\noperations_listen = [::1]:8441\n"
    "parents = http://hub.example:8440/a, http://hub.example\ndata_folder = /var/lib/x\n"
    "poll_milliseconds = 30000\nlong_poll_milliseconds = 25000\nconnect_milliseconds = 10000\n"
    "answer_milliseconds = 120000\nsilence_milliseconds = 30000\nturn_bytes = 4194304\n"
    "concurrent_exchanges = 64\nconcurrent_waits = 1024\nconnections = 2048\n"
    "log_level = debug\nlog_format = json\n",
    "", "listne = 1\n", "listen\n", "log_level = info\nlog_level = debug\n", "parents = hub.example\n",
    "data_folder = 数据 # 1\r\nlisten = [::\n",
]
ROSTERS = [
    (0, "统一社会信用代码,名称,登记状态,信用风险分类,分类月份,成立日期\r\n"
        "91350100M000100Y43,甲公司,存续（在营、开业、在册）,A,2026年1月,2020/2/29\r\n"),
    (16, "subject_code,name,registered_address,phone\n"
         "91350100M000100Y43,\"甲,\"\"乙\"\"\",\"一楼\r\n二楼\",'+86\n9144030071526726XG,=1,@x,\"\"\n"),
    (9, "人员编号,姓名,区划代码\n12,王,530102\n13,李,五华区\n"),
    (1, "inspector_code,name,division,certificate_number,certificate_valid_until\n"
        "a,\"x\ny\",530103,7,2027-01-01\nb,\"\n"),
    (0, "a,b\n1,2\n"),
]
ENROLMENT = json.dumps({
    "format": "tributary enrolment 1", "name": "五华", "public_key": "07" * 32,
    "replica": "530102-1", "signature": "51" * 64})

ANSWERS = [
    json.dumps({"code": "too_many_requests", "message": "一会儿再来\n", "request_id": "7"}),
    json.dumps({"code": "x" * 80, "message": "m" * 2000}), "<html>502 Bad Gateway</html>\x1b[2J",
    "{", "", json.dumps({"code": 7, "message": None}),
]
LEASES = [
    json.dumps({"replica": "530102-1", "nonce": "ab" * 16, "own": {"2120408": 812, "2120000": 4}}),
    json.dumps({"replica": "530102-1", "nonce": "", "own": {}}),
    json.dumps({"replica": "530102-1", "nonce": "a", "own": {"0": 1}}),
    json.dumps({"replica": "", "nonce": "a", "own": {"2120408": -1}}), "{}",
]


def load(name):
    with open(os.path.join(VECTORS, name), encoding="utf-8") as file:
        return json.load(file)


def data(name):
    with open(os.path.join(VECTORS, name), "rb") as file:
        return file.read()


def body(item):
    return data(item["body_file"]) if "body_file" in item else bytes.fromhex(item["body_hex"])


def step(mark, content):
    return bytes([mark]) + len(content).to_bytes(2, "big") + content


def wire():
    for item in load("frames.json")["valid"] + load("frames.json")["invalid"]:
        frame = bytes.fromhex(item.get("frame_hex") or item["hex"])
        yield "frame", frame
        yield "dump", frame
        if "payload_hex" in item:
            yield "message", bytes([KINDS.index(item["kind"])]) + bytes.fromhex(
                item["payload_hex"])
    file = load("change-sets.json")
    for item in file["valid"] + file["invalid"]:
        yield "header", bytes.fromhex(item["header_hex"])
        yield "change-set", body(item)
        yield "mutated", bytes(3) + body(item)
        deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
        deflated = deflate.compress(body(item)) + deflate.flush()
        yield "inflate", len(body(item)).to_bytes(3, "big") + deflated
        if len(body(item)) < 0x4000:
            yield "signed", step(0, body(item))
    for item in load("clocks.json")["encodings"]:
        if item["type"] == "vector":
            yield "vector", bytes.fromhex(item["hex"])
    for item in load("bundles.json")["valid"]:
        yield "bundle", data(item["file"])
        yield "dump", data(item["file"])


def histories():
    """The change sets of a history, by two writers in turn, with and without knowledge of each other."""
    for item in load("merges.json")["histories"]:
        bodies = [body(change) for change in item["change_sets"]]
        for knows in (0, 2):
            yield "signed", b"".join(
                step(index % 2 | knows | (7 * index % 5) << 2, content)
                for index, content in enumerate(bodies[:6]))


def files():
    for text in CONFIGURATIONS:
        yield "configuration", text.encode()
    for mark, text in ROSTERS:
        yield "roster", bytes([mark]) + text.encode()
        yield "roster", bytes([mark | 6]) + text.encode("gb18030")
    yield "enrolment", ENROLMENT.encode()
    yield "enrolment", ENROLMENT[:80].encode()
    for text in ANSWERS:
        yield "answer", text.encode()
    for text in LEASES:
        yield "lease", text.encode()
    draws = os.path.join(VECTORS, "draw")
    for name in sorted(os.listdir(draws)):
        if name.endswith(".json"):
            record = json.loads(data(os.path.join("draw", name)))
            content = json.dumps(record.get("record", record), ensure_ascii=False).encode()
            if len(content) < 1 << 14:
                yield "draw", content


HEADER = {"stream": "530102/both", "replica": "530102-1", "number": "812", "timestamp": "1730000000123",
          "schema_version": 1, "context": [], "parts": [], "author": "a", "reason": ""}


def column(rows):
    """Rows as the keys 0, 1, 2…: differences, a byte each."""
    return b"\x19\0\1\0" + b"\2" * (rows - 1)


def planes(rows, base, step):
    """Integers of one byte each behind a mode byte or tag, in an order that pays no differences."""
    return base + step + bytes(0 if row == 0 else 255 if row % 2 else 1 for row in range(rows))


def costly():
    """Bodies that take the most time or memory per byte, as far as limits let them."""
    yield from constants()
    yield from shared_keys()
    yield from bytes_of_work()
    yield from registers()
    # Of text for people: many values, many notes.
    for content in (block("insert", 99, [{"key": [f"i:{row}"], "new": ["null"] * 99} for row in range(300)]),
                    block("delete", 0, [{"key": [f"i:{row}"], "new": []} for row in range(3000)],
                          [{"row": row, "group": 0, "over": []} for row in range(3000)])):
        yield "dump", put_frame("changes", put_changes({
            "change_sets": [(put_header(HEADER), None, content)], "heads": []}))


def constants():
    """The most values per byte: columns of one value, of each kind, with values before."""
    kinds = {"null": b"\0", "integer": b"\x10\x02", "empty": b"\x80", "digits": b"\x43\x0e",
             "text": b"\x92" + b"a1" * 9, "time": b"\x65\x02", "real": b"\x32\x02",
             "blob": b"\x06\x02ab", "long": b"\x01\x80\x02" + b"z" * 256}
    for rows, columns in ((400, 200), (1000, 255), (1300, 255), (3000, 90), (12000, 30),
                          (40000, 31), (65000, 31)):
        plane = varint(rows) + varint(columns) + b"\1" * columns + column(rows)
        for content in kinds.values():
            yield "change-set", b"\2\7\x08" + plane + content * columns
    for rows, columns in ((400, 200), (500, 255), (700, 255), (3000, 45), (12000, 15), (60000, 15)):
        plane = varint(rows) + varint(columns) + b"\1" * columns + column(rows)
        for content in kinds.values():
            yield "change-set", b"\2\7\x0d" + plane + content * columns * 2 + b"\7\1"
        # All before are the new ones but one.
        yield "change-set", (b"\2\7\x0d" + plane + kinds["integer"] * columns
                             + b"\x21\x02" * columns + b"\7\1")


def block(kind, columns, rows, notes=()):
    """The canonical body of one block; columns have registers of their own."""
    columns = [[column, column] for column in range(1, columns + 1)]
    return put_body({"blocks": [{"table": 7, "kind": kind, "columns": columns, "rows": rows,
                                 "notes": list(notes)}], "controls": []}, HEADER)


def shared_keys():
    """Keys that share 1,000 bytes with the one before."""
    for rows in (255, 3000, 10000):
        yield "change-set", block("insert", 0, [{"key": ["t:" + "k" * 1000 + f"{row:05d}"], "new": []}
                                                for row in range(rows)])


def bytes_of_work():
    """One byte per value, and as much work for it as there is."""
    many = 30000
    start = b"\2\7\x08" + varint(many) + b"\1\1" + column(many)
    values = {
        "integer": planes(many, b"\x11\0", b"\7"),
        "large step": planes(many, b"\x11\0", varint(1 << 55)),
        "digits": planes(many, b"\x44" + varint(2 * 10 ** 17), b"\7"),
        "credit code": b"\x54" + varint(280) + planes(many, b"\1\0", b"\7"),
        "dictionary": b"\3\xff\1" + b"\0" + varint(2 * 64)
                      + b"".join(b"%064d" % n for n in range(255))
                      + bytes(min(row, row % 255) for row in range(many)),
        "mixed": b"\x78" + bytes((0, 1, 3)[row % 3] for row in range(many)) + b"\0\x10\2\x81a",
    }
    for content in values.values():
        yield "change-set", start + content
    for kind, content in (("t", "{:x}"), ("b", "{:04x}"), ("t", "云南{:x}"), ("t", "昆明市盘龙区{}号")):
        yield "change-set", block("insert", 1, [
            {"key": [f"i:{row}"], "new": [f"{kind}:" + content.format(row * 40503 & 0xFFFF)]}
            for row in range(6000)])
    # One column per byte, many blocks of one row, many control operations.
    yield "change-set", b"\2\7\x08\1" + varint(256) + b"\1" * 256 + b"\x10\0" + b"\0" * 256
    yield "change-set", varint(9000 * 2) + b"".join(
        varint(n + 7) + b"\x08\1\0\x10\0" for n in range(9000))
    yield "change-set", varint(2 * 6000) + b"".join(
        b"\7\x08\1\1" + varint(n + 1) + b"\x10" + varint(2 * n) + b"\0" for n in range(6000))
    yield "change-set", b"\1" + varint(20000) + b"\x63\1a" * 20000


def registers():
    """Dots before and notes: as many registers as there are, with as many lists as there can be."""
    for rows, groups in ((400, 127), (600, 127), (1500, 40)):
        yield "change-set", block("update", groups, [
            {"key": [f"i:{row}"], "new": ["null"] * groups, "before": ["null"] * groups,
             "before_dots": [[f"530102-1:{n + 1}"] for n in range(groups + 1)]}
            for row in range(rows)])
    for rows, dots in ((3000, 1), (500, 20), (60, 256)):
        yield "change-set", block("delete", 0, [
            {"key": [f"i:{row}"], "new": [], "before": [],
             "before_dots": [[f"530102-1:{row * dots + n + 1}" for n in range(dots)]]}
            for row in range(rows)])
        yield "change-set", block("delete", 0, [
            {"key": [f"i:{row}"], "new": []} for row in range(rows)], [
                {"row": row, "group": 0, "over": [f"530102-1:{n + 1}" for n in range(dots)]}
                for row in range(rows)])


def varint(number):
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


for seeds in (wire, histories, files, costly):
    for target, content in seeds():
        folder = os.path.join(sys.argv[2 if seeds is costly else 1], target)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, hashlib.sha1(content).hexdigest()), "wb") as file:
            file.write(content)
