#!/usr/bin/env python3
"""A second reader of the protocol: it needs the standard library of Python 3 and shares no code with the program.

It reads the vectors beside it, decodes and encodes, verifies chains and signatures, merges in every order,
follows every session, and ends with status 1 when anything differs. It is a second opinion, not a product:
it is slow and keeps everything in memory.
"""
import json
import os
import sys

from frames import (FOLDER, chain_hash, content_hash, get_bundle, get_frame, get_message,
                    head_bytes, put_message, seal_bytes, signature_holds)
from merge import Replica
from wire import (SEEN, Fault, Reader, be, dot_of, dot_text, full_dot_of, get_body, get_dot,
                  get_far, get_header, get_near, get_stamp, get_stream, get_vector, need,
                  packed, put_body, put_dot, put_header, put_near, put_replica, put_stamp,
                  put_vector, replica_of, replica_text, stamp, stamp_of, stream_number,
                  sha, stream_of, stream_text, text, varint, zigzag)
from wire import full_dot_text

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


def check_frames():
    file = load("frames.json")
    for item in file["valid"]:
        kind, payload, message, left = whole_frame(bytes.fromhex(item["frame_hex"]))
        expect(kind == item["kind"] and payload.hex() == item["payload_hex"] and left == 0,
               "frames", item["name"])
        if kind != "changes":
            expect(put_message(kind, message) == payload, "frames", item["name"])
        for length in range(len(item["frame_hex"]) // 2):
            cut = bytes.fromhex(item["frame_hex"])[:length]
            expect(get_frame(Reader(cut)) is None, "frames", f"{item['name']}, cut at {length}")
    for item in file["invalid"]:
        found = fault_of(lambda i=item: whole_frame(bytes.fromhex(i["hex"])))
        expect(found == item["error"], "frames", f"{item['name']}: {found}")


def check_bundles():
    file = load("bundles.json")
    for item in file["valid"]:
        messages, sealed = get_bundle(data(item["file"]))
        expect([kind for kind, _ in messages] == item["kinds"], "bundles", item["name"])
        seal = messages[-1][1]
        hash_ = sha(sealed)
        expect(len(sealed) == item["sealed_bytes"] and hash_ == seal["hash"], "bundles",
               item["name"])
        holds = signature_holds(bytes.fromhex(item["public_key"]), seal_bytes(hash_),
                                seal["signature"])
        expect(holds == item["seal_holds"], "bundles", item["name"])
    for item in file["invalid"]:
        found = fault_of(lambda i=item: get_bundle(bytes.fromhex(i["hex"])))
        expect(found == item["error"], "bundles", f"{item['name']}: {found}")


class Side:
    """What one side of a session holds: it must be what its frames say."""

    def __init__(self, session, file):
        self.streams = {name: Replica(name, file["tree"], []) for name in session["streams"]}

    def take(self, message):
        for header_bytes, header, body_bytes in message["change_sets"]:
            self.streams[header["stream"]].apply(header_bytes, body_bytes)

    def knows(self):
        return {name: [dot_text(e) for e in sorted(s.known.items(), key=lambda i: packed(i[0]))]
                for name, s in self.streams.items()}

    def summaries_hold(self, hello):
        return all((s.heads_hash(), s.digest()) == (heads, digest)
                   for stream, heads, digest in hello["streams"]
                   for s in [self.streams[stream_text(stream)]])


def check_sessions():
    file = load("sessions.json")
    keys = {name: bytes.fromhex(key) for name, key in file["keys"].items()}
    for session in file["sessions"]:
        sides = {"child": Side(session, file), "hub": Side(session, file)}
        for index, step in enumerate(session["steps"]):
            name = f"{session['name']}, step {index}"
            if step["action"].endswith("Writes"):
                carried = step["change_set"]
                found = sides[step["action"][:-6]].streams[
                    carried["dot"].split(":")[0]].apply(
                        bytes.fromhex(carried["header_hex"]), bytes.fromhex(carried["body_hex"]))
                expect(found == "applied", "sessions", name)
            follow(step, sides, session, keys, name)
            expect(sides["child"].knows() == step["child_knows"], "sessions", name)
            expect(sides["hub"].knows() == step["hub_knows"], "sessions", name)


def follow(step, sides, session, keys, name):
    reach = step.get("cut_after", 1 << 30)
    for side, other, frames in (("child", "hub", step["child_says"]),
                                ("hub", "child", step["hub_says"])):
        kinds = [frame["kind"] for frame in frames]
        if kinds:
            expect(kinds[0] == "hello" and kinds.count("hello") == 1, "sessions", name)
            expect(kinds[-1] == "done", "sessions", name)
        for index, frame in enumerate(frames):
            payload = bytes.fromhex(frame["payload"])
            message = get_message(frame["kind"], payload)
            if frame["kind"] == "hello":
                signer = replica_text(message["replica"])
                expect(signer == session[side], "sessions", name)
                expect(signature_holds(keys[signer],
                                       text("tributary hello v1") + message["unsigned"],
                                       message["signature"]), "sessions", name)
                if step["action"] != "wait" or side == "hub":
                    expect(sides[side].summaries_hold(message), "sessions", name)
                known = message["challenge"].hex() in (session["challenge"], "00" * 16)
                expect(known, "sessions", name)
            if frame["kind"] == "knowledge":
                stream = sides[side].streams[stream_text(message["stream"])]
                expect(dict(message["known"]) == stream.known, "sessions", name)
            if frame["kind"] == "changes":
                for dot, hash_, signature in message["heads"]:
                    parts = full_dot_of(dot)
                    expect(signature_holds(keys[replica_text(parts[1])],
                                           head_bytes(parts, hash_), signature),
                           "sessions", name)
                if side == "hub" or index < reach:
                    sides[other].take(message)


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
