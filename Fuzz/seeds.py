#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets, from Protocol/Vectors and from texts below, into a folder: Fuzz/seeds.py FOLDER."""
import hashlib
import json
import os
import sys
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VECTORS = os.path.join(ROOT, "Protocol", "Vectors")
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


def costly():
    """Bodies that give the most values per byte: constant columns of each kind, with values before."""
    constants = {"null": b"\0", "integer": b"\x10\x02", "empty": b"\x80", "digits": b"\x43\x0e",
                 "text": b"\x92" + b"a1" * 9, "time": b"\x65\x02"}
    for rows, columns in ((400, 200), (1000, 255), (3000, 180), (12000, 60), (40000, 62)):
        plane = varint(rows) + varint(columns) + b"\1" * columns + b"\x19\0\1\0" + b"\2" * (rows - 1)
        for content in constants.values():
            yield "change-set", b"\2\7\x08" + plane + content * columns
            yield "change-set", b"\2\7\x0d" + plane + content * columns * 2 + b"\7\1"
    # Keys that share 1,000 bytes with the one before.
    for rows in (500, 3000, 12000):
        rest = b"".join(b"%05d" % row for row in range(rows))
        yield "change-set", (b"\2\7\x08" + varint(rows) + b"\0\5" + b"\x22\0" + b"\1"
                             + bytes([0] + [1000 & 255] * (rows - 1)) + bytes([0] + [1000 >> 8] * (rows - 1))
                             + b"\x22\x0a\1" + bytes([1000 & 255] + [0] * (rows - 1))
                             + bytes([1000 >> 8] + [0] * (rows - 1)) + b"k" * 1000 + rest)


def varint(number):
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


for seeds in (wire, histories, files, costly):
    for target, content in seeds():
        folder = os.path.join(sys.argv[1], target)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, hashlib.sha1(content).hexdigest()), "wb") as file:
            file.write(content)
