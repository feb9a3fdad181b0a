#!/usr/bin/env python3
"""A second reader of the protocol: it needs the standard library of Python 3 and shares no code with the program.

It reads the vectors beside it, decodes and encodes, verifies chains and signatures, merges in every order,
follows every session, and ends with status 1 when anything differs. It is a second opinion, not a product:
it is slow and keeps everything in memory.
"""
import json
import os
import sys

from frames import (FOLDER, chain_hash, content_hash, dot_of_change_set, get_bundle, get_frame,
                    get_message, head_bytes, put_bundle, put_frame, put_message, seal_bytes,
                    signature_holds)
from merge import Replica
from session import Session
from wire import (SEEN, Fault, Reader, be, dot_of, dot_text, full_dot_of, full_dot_text, get_body,
                  get_dot, get_far, get_header, get_near, get_stamp, get_stream, get_vector, need,
                  packed, put_body, put_dot, put_header, put_near, put_replica, put_stamp,
                  put_vector, replica_of, replica_text, sha, stamp, stamp_of, stream_number,
                  stream_of, stream_text, varint, zigzag)

FAILURES = []
COUNTS = {}
SCOPE = 530102


def expect(condition, group, name):
    COUNTS[group] = COUNTS.get(group, 0) + 1
    if not condition:
        FAILURES.append(f"{group}: {name}")


def load(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return json.load(file)


def data(name):
    with open(os.path.join(FOLDER, name), "rb") as file:
        return file.read()


def fault_of(action):
    """The name of the fault that an action ends with; None when it ends well."""
    try:
        action()
    except Fault as fault:
        return str(fault)
    return None


# Per type of 1-Terms: from bytes to a text, and back.
TYPES = {
    "varint": (lambda r: str(r.varint()), lambda t: varint(int(t))),
    "zigzag": (lambda r: str(r.zigzag()), lambda t: varint(zigzag(int(t)))),
    "stream": (lambda r: stream_text(get_stream(r)),
               lambda t: be(stream_number(stream_of(t)), 3)),
    "replica": (lambda r: replica_text(get_far(r)), lambda t: put_replica(replica_of(t))),
    "nearReplica": (lambda r: replica_text(get_near(r, SCOPE)),
                    lambda t: put_near(replica_of(t), SCOPE)),
    "dot": (lambda r: full_dot_text(get_dot(r)), lambda t: put_dot(full_dot_of(t))),
    "timestamp": (get_stamp, put_stamp),
    "vector": (lambda r: " ".join(dot_text(e) for e in get_vector(r)),
               lambda t: put_vector([dot_of(e) for e in t.split()])),
}


def read_term(type_, content):
    reader = Reader(content)
    found = TYPES[type_][0](reader)
    reader.end()
    return found


def check_clocks():
    file = load("clocks.json")
    for item in file["encodings"]:
        content = bytes.fromhex(item["hex"])
        expect(read_term(item["type"], content) == item["text"], "names", item)
        expect(TYPES[item["type"]][1](item["text"]) == content, "names", item)
    for item in file["invalid"]:
        found = fault_of(lambda i=item: read_term(i["type"], bytes.fromhex(i["hex"])))
        expect(found == item["error"], "names", f"{item['name']}: {found}")
    for item in file["relations"]:
        left, right = (dict(map(dot_of, item[side])) for side in ("left", "right"))
        every = sorted(set(left) | set(right), key=packed)
        union = [(r, max(left.get(r, 0), right.get(r, 0))) for r in every]
        meet = [(r, min(left.get(r, 0), right.get(r, 0))) for r in every]
        expect([dot_text(e) for e in union] == item["union"], "vectors", item)
        expect([dot_text(e) for e in meet if e[1]] == item["intersection"], "vectors", item)
        expect(all(left.get(r, 0) >= n for r, n in right.items()) == item["left_dominates"],
               "vectors", item)
        beyond = sum(max(0, n - right.get(r, 0)) for r, n in left.items())
        expect(str(beyond) == item["beyond"], "vectors", item)
    last, most = 0, (1 << 64) - 1

    def word(string):
        milliseconds, counter = stamp_of(string)
        return milliseconds << 16 | counter
    for index, step in enumerate(file["clock"]):
        wall = int(step["wall_milliseconds"])
        if step["action"] == "write":
            last = max(min(last + 1, most), min(wall, (1 << 48) - 1) << 16)
            expect(stamp(last >> 16, last & 65_535) == step["timestamp"], "clock", index)
        else:
            bound = min(wall + int(file["ahead_milliseconds"]), (1 << 48) - 1) << 16
            last = max(last, min(word(step["timestamp"]), bound))
        expect(word(step["last"]) == last, "clock", index)


def decode(header_bytes, body_bytes):
    reader = Reader(header_bytes)
    header = get_header(reader)
    reader.end()
    return header, get_body(body_bytes, header)


def check_change_sets():
    file = load("change-sets.json")
    for item in file["valid"]:
        header_bytes = bytes.fromhex(item["header_hex"])
        body_bytes = data(item["body_file"]) if "body_file" in item else bytes.fromhex(
            item["body_hex"])
        header, body = decode(header_bytes, body_bytes)
        expect(header == item["header"] and body == item["body"], "change sets", item["name"])
        expect(put_header(item["header"]) == header_bytes, "change sets", item["name"])
        expect(put_body(item["body"], header) == body_bytes, "change sets", item["name"])
        expect(content_hash(header_bytes, body_bytes).hex() == item["content_hash"],
               "change sets", item["name"])
    for item in file["invalid"]:
        found = fault_of(lambda i=item: decode(bytes.fromhex(i["header_hex"]),
                                               bytes.fromhex(i["body_hex"])))
        expect(found == item["error"], "change sets", f"{item['name']}: {found}")
    # Every class of columns and every mode of texts and blobs was met.
    wanted = {(low, 0) for low in (0, 16, 33, 50, 67, 84, 101, 128)}
    wanted |= {(1, mode) for mode in range(1, 5)} | {(6, 0), (6, 1)}
    expect(wanted <= SEEN, "change sets", f"codings without a vector: {wanted - SEEN}")


def proves(chain):
    head = chain.get("head")
    if head is None:
        return False
    stream, replica, number = full_dot_of(head["dot"])
    last = bytes(32)
    for index, item in enumerate(chain["change_sets"]):
        header_bytes, body_bytes = bytes.fromhex(item["header_hex"]), bytes.fromhex(
            item["body_hex"])
        reader = Reader(header_bytes)
        header = get_header(reader)
        own = (stream_of(header["stream"]), replica_of(header["replica"]), int(header["number"]))
        if own != (stream, replica, index + 1):
            return False
        last = chain_hash(last, content_hash(header_bytes, body_bytes))
    message = head_bytes((stream, replica, number), bytes.fromhex(head["hash"]))
    return (number == len(chain["change_sets"]) and last.hex() == head["hash"]
            and signature_holds(bytes.fromhex(chain["public_key"]), message,
                                bytes.fromhex(head["signature"])))


def check_chains():
    file = load("chains.json")
    for chain in file["proved"]:
        last = bytes(32)
        for index, item in enumerate(chain["change_sets"]):
            content = content_hash(bytes.fromhex(item["header_hex"]),
                                   bytes.fromhex(item["body_hex"]))
            last = chain_hash(last, content)
            expect(content.hex() == chain["content_hashes"][index], "chains", chain["name"])
            expect(last.hex() == chain["chain_hashes"][index], "chains", chain["name"])
        signed = head_bytes(full_dot_of(chain["head"]["dot"]),
                            bytes.fromhex(chain["head"]["hash"]))
        expect(signed.hex() == chain["head"]["signed_hex"], "chains", chain["name"])
        expect(proves(chain), "chains", chain["name"])
    for chain in file["unproved"]:
        expect(not proves(chain), "chains", chain["name"])


def orders(items, make, done=()):
    """Every order in which the change sets can be applied, as the replica after each."""
    if len(done) == len(items):
        replica = make()
        for index in done:
            replica.apply(*items[index])
        yield replica
        return
    for index in range(len(items)):
        if index in done:
            continue
        replica = make()
        if all(replica.apply(*items[i]) == "applied" for i in (*done, index)):
            yield from orders(items, make, (*done, index))


def check_merges():
    file = load("merges.json")
    for history in file["histories"]:
        items = [(bytes.fromhex(c["header_hex"]), bytes.fromhex(c["body_hex"]))
                 for c in history["change_sets"]]
        count = 0
        for replica in orders(items, lambda h=history: Replica(h["stream"], file["tree"],
                                                               file["tables"])):
            count += 1
            expect(replica.fields() == history["rows"], "merges", history["name"])
            expect(replica.digest().hex() == history["digest"], "merges", history["name"])
            expect(replica.heads_hash().hex() == history["heads_hash"], "merges",
                   history["name"])
        expect(count == history["orders"], "merges", f"{history['name']}: {count} orders")


def whole_frame(content):
    reader = Reader(content)
    frame = get_frame(reader)
    need(frame is not None, "truncated")
    return frame[0], frame[1], get_message(*frame), reader.left()


def listed(vector):
    return " ".join(dot_text(entry) for entry in vector)


def frame_fields(kind, message):
    """The fields of a message as `frames.json` gives them."""
    if kind == "hello":
        return {"versions": "{}-{}".format(*message["versions"]),
                "replica": replica_text(message["replica"]),
                "schema_version": str(message["schema_version"]),
                "wall_milliseconds": str(message["wall"]),
                "quarantined": str(message["quarantined"]),
                "challenge": message["challenge"].hex(),
                "streams": ", ".join(f"{stream_text(s)} {heads.hex()} {digest.hex()}"
                                     for s, heads, digest in message["streams"]),
                "signature": message["signature"].hex()}
    if kind == "knowledge":
        return {"stream": stream_text(message["stream"]), "known": listed(message["known"]),
                "receiver_head": (message["head"] or b"").hex()}
    if kind == "changes":
        return {"change_sets": " ".join(dot_of_change_set(header)
                                        for _, header, _ in message["change_sets"]),
                "heads": ", ".join(f"{dot} {hash_.hex()}" for dot, hash_, _ in message["heads"])}
    if kind == "part":
        return {"dot": full_dot_text(message["dot"]), "hash": message["hash"].hex(),
                "index": str(message["index"]), "count": str(message["count"]),
                "bytes": message["bytes"].hex()}
    if kind == "acknowledgement":
        return {"stream": stream_text(message["stream"]),
                **{name: listed(message[name]) for name in ("held", "needs", "top")}}
    if kind == "error":
        return {"code": str(message["code"]), "subject": message["subject"],
                "retry_after_milliseconds": str(message["retry"])}
    if kind == "bundleManifest":
        to = message["to"]
        return {"from": replica_text(message["from"]),
                "to": f"{to[0]}" + (f".{to[1]}" if to[1] else "") if to else "",
                "created_milliseconds": str(message["created"]),
                "is_acknowledgement": "true" if message["marks"] & 2 else "false",
                "ranges": ", ".join(f"{stream_text(s)} {{{listed(after)}}} {{{listed(up_to)}}}"
                                    for s, after, up_to in message["ranges"]),
                "frame_count": str(message["frames"])}
    if kind == "bundleSeal":
        return {"hash": message["hash"].hex(), "signature": message["signature"].hex()}
    return {}


def check_frames():
    file = load("frames.json")
    for item in file["valid"]:
        frame, name = bytes.fromhex(item["frame_hex"]), item["name"]
        kind, payload, message, left = whole_frame(frame)
        expect(kind == item["kind"] and payload.hex() == item["payload_hex"] and left == 0,
               "frames", name)
        expect(frame_fields(kind, message) == item["fields"], "frames", name)
        # Bodies that came deflated are encoded as they are: the same change sets in another form.
        again = put_message(kind, message)
        if again != payload:
            expect(kind == "changes" and get_message(kind, again) == message, "frames", name)
        # Compressed bytes may differ between deflaters; what is in them may not.
        own = put_frame(kind, payload, item["compression"])
        expect(own == frame if item["compression"] == 0 else whole_frame(own)[1] == payload,
               "frames", name)
        for length in range(len(frame)):
            expect(get_frame(Reader(frame[:length])) is None, "frames", f"{name}, cut at {length}")
    for item in file["invalid"]:
        found = fault_of(lambda i=item: whole_frame(bytes.fromhex(i["hex"])))
        expect(found == item["error"], "frames", f"{item['name']}: {found}")


def check_bundles():
    file = load("bundles.json")
    for item in file["valid"]:
        content = data(item["file"])
        messages, sealed = get_bundle(content)
        expect([kind for kind, _ in messages] == item["kinds"], "bundles", item["name"])
        seal = messages[-1][1]
        hash_ = sha(sealed)
        expect(len(sealed) == item["sealed_bytes"] and hash_ == seal["hash"], "bundles",
               item["name"])
        holds = signature_holds(bytes.fromhex(item["public_key"]), seal_bytes(hash_),
                                seal["signature"])
        expect(holds == item["seal_holds"], "bundles", item["name"])
        # Written anew: the same messages, and where nothing is compressed the same bytes.
        frames = [put_frame(kind, put_message(kind, fields)) for kind, fields in messages[:-1]]
        own = put_bundle(frames[1:], frames[0], lambda h, s=seal: h + s["signature"])
        again, _ = get_bundle(own)
        expect(again[:-1] == messages[:-1], "bundles", item["name"])
        if "changes" not in item["kinds"]:
            expect(own == content, "bundles", item["name"])
        # Cut at any byte it is a bundle that ends early.
        for length in range(len(content)):
            found = fault_of(lambda c=content[:length]: get_bundle(c))
            expect(found == "bundleTruncated", "bundles", f"{item['name']}, cut at {length}")
    for item in file["invalid"]:
        found = fault_of(lambda i=item: get_bundle(bytes.fromhex(i["hex"])))
        expect(found == item["error"], "bundles", f"{item['name']}: {found}")


def check_sessions():
    """Both sides say every session word by word; frames were decoded and encoded on the way."""
    file = load("sessions.json")
    for session in file["sessions"]:
        world = Session(session, file)
        for index, step in enumerate(session["steps"]):
            for part, found in world.run(step).items():
                expect(found == step[part], "sessions",
                       f"{session['name']}, step {index}, {part}")


def main():
    for part in (check_clocks, check_change_sets, check_chains, check_merges, check_frames,
                 check_bundles, check_sessions):
        part()
    for failure in FAILURES:
        print(failure, file=sys.stderr)
    total = ", ".join(f"{count} of {group}" for group, count in COUNTS.items())
    print(f"independent check: {total}; {len(FAILURES)} failed")
    return 1 if FAILURES else 0


if __name__ == "__main__":
    sys.exit(main())
