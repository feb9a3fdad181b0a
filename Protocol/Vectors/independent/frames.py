"""Signatures, chains, frames, messages and bundles: 3-ChangeSets §7, 5-Frames, 8-Bundles."""
import hashlib
import os
import zlib

from wire import (Fault, Reader, be, counted, dot_text, full_dot_of, full_dot_text, get_dot, get_far, get_header,
                  get_stream, get_vector, need, put_dot, put_replica, put_vector, sha,
                  stream_checked, stream_number, text, varint)

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# --- Ed25519 (RFC 8032 §5.1.7), without contexts; small orders are refused ----------------------------

P = 2 ** 255 - 19
ORDER = 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = f - e, d - c, d + c, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def equal(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_of(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def data_of(point):
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = point_of(be(0x6666666666666666666666666666666666666666666666666666666666666658, 32)[::-1])


def signature_holds(key, message, signature):
    """Whether 64 bytes are a signature by a key that proves something."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, nonce = point_of(key), point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if public is None or nonce is None or scalar >= ORDER:
        return False
    if equal(multiply(8, public), (0, 1, 1, 0)):
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    return equal(multiply(scalar, BASE), add(nonce, multiply(challenge, public)))


def sign(seed, message):
    """The signature by the key of a seed of 32 bytes: in the vectors, where keys are known."""
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    public, prefix = data_of(multiply(scalar, BASE)), digest[32:]
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % ORDER
    start = data_of(multiply(nonce, BASE))
    challenge = int.from_bytes(hashlib.sha512(start + public + message).digest(), "little")
    return start + ((nonce + challenge * scalar) % ORDER).to_bytes(32, "little")


# --- 3-ChangeSets §7: chains --------------------------------------------------------------------------

def content_hash(header, body):
    return sha(b"\x00" + header + body)


def chain_hash(previous, content):
    return sha(b"\x01" + previous + content)


def head_bytes(dot, hash_):
    return text("tributary head v1") + put_dot(dot) + counted(hash_)


# --- 5-Frames §2, §3: frames --------------------------------------------------------------------------

KINDS = ["", "hello", "knowledge", "changes", "part", "acknowledgement", "error", "done",
         "bundleManifest", "bundleSeal"]


def dictionary(number):
    need(number == 1, "unknownCode")
    with open(os.path.join(FOLDER, "dictionary-1.bin"), "rb") as file:
        return file.read()


def inflate(data, declared, limit, preset=b""):
    need(declared <= limit, "limitExceeded")
    need(declared <= 65_536 or declared // 64 <= len(data), "limitExceeded")
    need(declared > 0, "inflationFailed")
    engine = zlib.decompressobj(-15, zdict=preset) if preset else zlib.decompressobj(-15)
    try:
        out = engine.decompress(data, declared + 1)
    except zlib.error:
        raise Fault("inflationFailed") from None
    need(len(out) == declared and engine.eof and not engine.unused_data, "inflationFailed")
    return out


def get_frame(reader):
    """Kind and payload; None when the frame is not complete. Faults come before the payload has."""
    start = reader.at
    if reader.left() and reader.data[start] != 0xB7:
        raise Fault("malformed")
    try:
        reader.raw(1)
        check = int.from_bytes(reader.raw(4), "little")
        mark = reader.byte()
        need(0 < mark & 31 < len(KINDS), "unknownCode")
        need(mark >> 5 <= 2, "unknownCode")
        size = reader.varint(1_048_576)
        declared = reader.varint(16_777_216) if mark >> 5 else size
        number = reader.byte() if mark >> 5 == 2 else 0
        payload = reader.raw(size)
    except Fault as fault:
        if str(fault) != "truncated":
            raise
        reader.at = start
        return None
    need(zlib.crc32(reader.data[start + 5:reader.at]) == check, "checksumMismatch")
    if mark >> 5:
        payload = inflate(payload, declared, 16_777_216, dictionary(number) if number else b"")
    return KINDS[mark & 31], payload


def put_frame(kind, payload, compression=0):
    """A frame; compressed, its bytes are those of this deflater."""
    carried, declared = payload, b""
    if compression:
        preset = dictionary(1) if compression == 2 else b""
        engine = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=preset) if preset else (
            zlib.compressobj(9, zlib.DEFLATED, -15))
        carried = engine.compress(payload) + engine.flush()
        declared = varint(len(payload)) + (b"\x01" if preset else b"")
    checked = bytes([KINDS.index(kind) | compression << 5]) + varint(len(carried))
    checked += declared + carried
    return b"\xb7" + zlib.crc32(checked).to_bytes(4, "little") + checked


# --- 5-Frames §4: payloads ----------------------------------------------------------------------------

def entries(vector):
    return [dot_text(entry) for entry in vector]


def get_hello(reader):
    low = reader.varint(65_535)
    high = low + reader.varint(65_535)
    need(high <= 65_535, "malformed")
    fields = {"versions": [low, high], "replica": get_far(reader)}
    fields["schema_version"] = reader.varint((1 << 32) - 1)
    fields["wall"], fields["quarantined"] = reader.big(6), reader.varint()
    fields["challenge"], fields["streams"], place = reader.raw(16), [], 0
    for index in range(reader.count(16_384, 25)):
        step = reader.varint((1 << 32) - 1)
        need(index == 0 or step > 0, "nonCanonical")
        place += step
        fields["streams"].append((stream_checked(place), reader.raw(8), reader.raw(16)))
    fields["signature"] = reader.raw(64)
    return fields


def hello_bytes(fields):
    """What HELLO signs (§5)."""
    return text("tributary hello v1") + put_unsigned(fields)


def put_unsigned(fields):
    low, high = fields["versions"]
    out = varint(low) + varint(high - low) + put_replica(fields["replica"])
    out += varint(fields["schema_version"]) + be(fields["wall"], 6)
    out += varint(fields["quarantined"]) + fields["challenge"]
    out, last = out + varint(len(fields["streams"])), 0
    for stream, heads, digest in fields["streams"]:
        place = stream_number(stream)
        out, last = out + varint(place - last) + heads + digest, place
    return out


def dot_of_change_set(header):
    return f"{header['stream']}:{header['replica']}:{header['number']}"


def put_changes(fields):
    """With bodies as they are, not deflated; each head by its place where its change set is here."""
    sets, heads = fields["change_sets"], fields["heads"]
    out, dots = varint(len(sets) * 2 + bool(heads)), []
    for data, _, body in sets:
        dots.append(dot_of_change_set(get_header(Reader(data))))
        out += data + varint(len(body) * 2) + body
    out += varint(len(heads)) if heads else b""
    for dot, hash_, signature in heads:
        back = next((i + 1 for i, own in enumerate(reversed(dots)) if own == dot), 0)
        out += varint(back) + (b"" if back else put_dot(full_dot_of(dot))) + hash_ + signature
    return out


def get_changes(reader):
    """(header bytes, header, canonical body) each; (dot, hash, signature) each."""
    mark = reader.varint(4_096 * 2 + 1)
    need(mark >> 1 <= reader.left() // 16, "truncated")
    change_sets, heads, dots = [], [], []
    for _ in range(mark >> 1):
        start = reader.at
        header = get_header(reader)
        data = reader.data[start:reader.at]
        size = reader.varint((67_108_864 << 1) + 1)
        carried = reader.raw(reader.varint(67_108_864) if size & 1 else size >> 1)
        body = inflate(carried, size >> 1, 67_108_864) if size & 1 else carried
        change_sets.append((data, header, body))
        dots.append(dot_of_change_set(header))
    if mark & 1:
        number = reader.count(4_096, 97)
        need(number > 0, "nonCanonical")
        for _ in range(number):
            back = reader.varint(len(dots))
            dot = dots[len(dots) - back] if back else full_dot_text(get_dot(reader))
            heads.append((dot, reader.raw(32), reader.raw(64)))
    return change_sets, heads


def get_message(kind, payload):
    """The fields of a message; throws at bytes that are left over."""
    reader, fields = Reader(payload), {}
    if kind == "hello":
        fields = get_hello(reader)
    elif kind == "knowledge":
        fields = {"stream": get_stream(reader), "known": get_vector(reader)}
        mark = reader.byte()
        need(mark <= 1, "unknownCode")
        fields["head"] = reader.raw(32) if mark else None
    elif kind == "changes":
        fields["change_sets"], fields["heads"] = get_changes(reader)
    elif kind == "part":
        fields = {"dot": get_dot(reader), "hash": reader.raw(32)}
        fields["index"], fields["count"] = reader.varint(260), reader.varint(260)
        need(fields["index"] < fields["count"], "malformed")
        fields["bytes"] = reader.raw(reader.varint(262_144))
    elif kind == "acknowledgement":
        fields = {"stream": get_stream(reader)}
        marks = reader.byte()
        need(marks <= 3, "unknownCode")
        fields["held"] = get_vector(reader)
        fields["needs"] = fields["held"] if marks & 1 else get_vector(reader)
        fields["top"] = fields["needs"] if marks & 2 else get_vector(reader)
        need(marks == acknowledgement_marks(fields), "nonCanonical")
    elif kind == "error":
        fields = {"code": reader.varint()}
        need(1 <= fields["code"] <= 13, "unknownCode")
        fields["subject"], fields["retry"] = reader.text(1_024), reader.varint()
    elif kind == "bundleManifest":
        fields = {"from": get_far(reader), "marks": reader.byte(), "to": None}
        need(fields["marks"] <= 3, "unknownCode")
        if fields["marks"] & 1:
            fields["to"] = (reader.varint(999_999), reader.varint(4_095))
            need(fields["to"][0] > 0, "malformed")
        fields["created"], fields["ranges"] = reader.big(6), []
        for _ in range(reader.count(16_384, 5)):
            stream = get_stream(reader)
            need(not fields["ranges"]
                 or stream_number(fields["ranges"][-1][0]) < stream_number(stream),
                 "nonCanonical")
            after = get_vector(reader)
            fields["ranges"].append((stream, after, get_vector(reader)))
        fields["frames"] = reader.varint(1_048_576)
    elif kind == "bundleSeal":
        fields = {"hash": reader.raw(32), "signature": reader.raw(64)}
    reader.end()
    return fields


def acknowledgement_marks(fields):
    return (fields["needs"] == fields["held"]) + 2 * (fields["top"] == fields["needs"])


def put_message(kind, fields):
    """The payload of a message."""
    if kind == "hello":
        return put_unsigned(fields) + fields["signature"]
    if kind == "changes":
        return put_changes(fields)
    if kind == "knowledge":
        head = fields["head"]
        return (be(stream_number(fields["stream"]), 3) + put_vector(fields["known"])
                + (b"\x01" + head if head else b"\x00"))
    if kind == "part":
        return (put_dot(fields["dot"]) + fields["hash"] + varint(fields["index"])
                + varint(fields["count"]) + counted(fields["bytes"]))
    if kind == "acknowledgement":
        marks = acknowledgement_marks(fields)
        said = ["held"] + ["needs"] * (not marks & 1) + ["top"] * (not marks & 2)
        return (be(stream_number(fields["stream"]), 3) + bytes([marks])
                + b"".join(put_vector(fields[name]) for name in said))
    if kind == "error":
        return varint(fields["code"]) + text(fields["subject"]) + varint(fields["retry"])
    if kind == "bundleManifest":
        out = b"".join(map(varint, fields["from"])) + bytes([fields["marks"]])
        out += b"".join(map(varint, fields["to"] or ())) + be(fields["created"], 6)
        out += varint(len(fields["ranges"]))
        for stream, after, up_to in fields["ranges"]:
            out += be(stream_number(stream), 3) + put_vector(after) + put_vector(up_to)
        return out + varint(fields["frames"])
    if kind == "bundleSeal":
        return fields["hash"] + fields["signature"]
    return b""


# --- 8-Bundles ----------------------------------------------------------------------------------------

def get_bundle(data):
    """The messages of a whole file, and the bytes that SEAL's hash is over."""
    need(data[:8] == b"TRIBUTRY"[:len(data)], "malformed")
    need(len(data) > 8, "bundleTruncated")
    need(data[8] == 1, "unknownCode")
    reader, messages, frames, sealed = Reader(data), [], 0, None
    reader.at = 9
    while True:
        place = reader.at
        try:
            index = reader.varint()
        except Fault as fault:
            raise Fault("bundleTruncated" if str(fault) == "truncated" else str(fault)) from None
        need(index == len(messages), "frameOutOfPlace")
        frame = get_frame(reader)
        need(frame is not None, "bundleTruncated")
        kind, payload = frame
        fields = get_message(kind, payload)
        if not messages:
            need(kind == "bundleManifest", "frameOutOfPlace")
            frames = fields["frames"]
        elif kind == "bundleSeal":
            need(index == frames + 1, "bundleTruncated")
            sealed = data[:place]
        else:
            need(kind in ("changes", "part", "knowledge", "acknowledgement")
                 and index <= frames, "frameOutOfPlace")
        messages.append((kind, fields))
        if sealed is not None:
            need(reader.left() == 0, "trailingBytes")
            return messages, sealed


def seal_bytes(hash_):
    return text("tributary bundle v1") + counted(hash_)


def put_bundle(frames, manifest, seal_of):
    """A file of frames, as bytes each; `seal_of` makes the payload of SEAL from its hash."""
    out = b"TRIBUTRY\x01"
    for index, frame in enumerate([manifest, *frames]):
        out += varint(index) + frame
    return out + varint(len(frames) + 1) + put_frame("bundleSeal", seal_of(sha(out)))
