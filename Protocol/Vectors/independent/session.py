"""Both sides of a session: exchanges and long polls of a child and a hub: 6-Sessions §2-9."""
import hashlib
import os

from frames import (chain_hash, content_hash, dot_of_change_set, get_message, head_bytes, hello_bytes,
                    put_message, sign, signature_holds)
from merge import Replica
from wire import (full_dot_of, full_dot_text, packed, replica_of, replica_text, stream_number,
                  stream_of, stream_text)

VERSIONS, WALL, NO_CHALLENGE = [1, 1], 1_730_000_000_000, bytes(16)
PART_BYTES, INLINE_BYTES = 262_144, 65_536
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
CODES = ["", "malformedFrame", "limitExceeded", "versionMismatch", "unknownReplica",
         "authenticationNeeded", "retiredReplica", "streamNotShared", "unprovedChangeSet",
         "forkDetected", "replicaRestored", "notReady", "unexpectedFrame", "notAdmitted"]
NAMES = {"bundleManifest": "MANIFEST", "bundleSeal": "SEAL"}


def overlap(one, other):
    return one[0] <= other[1] and other[0] <= one[1]


def error(code, subject, retry=0):
    return "error", {"code": CODES.index(code), "subject": subject, "retry": retry}


def name_of(kind):
    return NAMES.get(kind, kind.upper())


class Node:
    """What a node has while it talks: its streams, its key, whom its registry names."""

    def __init__(self, name, session, file, is_hub):
        self.name, self.id, self.is_hub = name, replica_of(name), is_hub
        self.streams = {s: Replica(s, file["tree"], []) for s in sorted(
            session["streams"], key=lambda s: stream_number(stream_of(s)))}
        self.keys = {n: bytes.fromhex(key) for n, key in file["keys"].items()}
        self.challenge = bytes.fromhex(session["challenge"])
        self.registered = [session["child"]] if is_hub else (
            [session["hub"]] if session["child_knows_hub"] else [])
        # Of change sets in parts: the hash of the whole, how many parts, those from the first on.
        self.staged = {}

    def sign(self, message):
        # The key of the vectors: Vectors/README.md.
        return sign(hashlib.sha256(b"tributary vector key " + self.name.encode()).digest(), message)

    def summaries(self):
        return [(stream_of(name), s.heads_hash(), s.digest()) for name, s in self.streams.items()]

    def hello(self, challenge, streams):
        fields = {"versions": VERSIONS, "replica": self.id, "schema_version": 1, "wall": WALL,
                  "quarantined": 0, "challenge": challenge, "streams": streams}
        fields["signature"] = self.sign(hello_bytes(fields))
        return "hello", fields

    def is_signed(self, hello):
        key = self.keys.get(replica_text(hello["replica"]), b"")
        return signature_holds(key, hello_bytes(hello), hello["signature"])

    def known(self, name):
        return sorted(self.streams[name].known.items(), key=lambda entry: packed(entry[0]))

    def knowledge(self, name, peer):
        """KNOWLEDGE with the receiver's own head (§7.1)."""
        stream = self.streams[name]
        head = stream.chains.get((peer, stream.known.get(peer, 0)))
        return "knowledge", {"stream": stream.stream, "known": self.known(name), "head": head}

    def acknowledgement(self, name):
        """In the vectors each node acknowledges what it knows, and the hub is the top."""
        known = self.known(name)
        return "acknowledgement", {"stream": self.streams[name].stream, "held": known,
                                   "needs": known, "top": known if self.is_hub else []}

    def is_lost(self, fields):
        """Whether a KNOWLEDGE shows that this node was restored or cloned (§7.1)."""
        stream, number = self.streams[stream_text(fields["stream"])], dict(fields["known"]).get(
            self.id, 0)
        if number == 0:
            return False
        return (number > stream.known.get(self.id, 0)
                or fields["head"] not in (None, stream.chains[self.id, number]))

    def receipts(self, names):
        """A PART without bytes for each change set of the streams that is here in part (§5)."""
        return [("part", {"dot": dot, "hash": hash_, "index": len(parts), "count": count,
                          "bytes": b""})
                for dot, (hash_, count, parts) in sorted(self.staged.items())
                if stream_text(dot[0]) in names]

    def stage(self, fields):
        """Keeps a part; the message when it was the last one."""
        hash_, count, parts = self.staged.get(fields["dot"], (None, 0, []))
        if hash_ != fields["hash"]:
            hash_, count, parts = fields["hash"], fields["count"], []
        if fields["index"] == len(parts):
            parts = parts + [fields["bytes"]]
        self.staged[fields["dot"]] = (hash_, count, parts)
        if len(parts) < count:
            return None
        del self.staged[fields["dot"]]
        whole = b"".join(parts)
        return get_message("changes", whole) if whole_hash(whole) == hash_ else None

    def changes(self, lacking, held=()):
        """CHANGES with what a peer of that knowledge lacks, or none; in PARTs where it is too large, without
        those that the peer holds by its receipts."""
        sent, heads, dots = [], [], []
        for name, known in lacking:
            stream, last = self.streams[name], {}
            for header, body, (writer, number) in stream.carried:
                if number > known.get(writer, 0):
                    sent.append((header, None, body))
                    dots.append((stream.stream, writer, number))
                    last[writer] = number
            for writer in sorted(last, key=packed):
                dot = (stream.stream, writer, last[writer])
                hash_ = stream.chains[writer, last[writer]]
                signature = (self.sign(head_bytes(dot, hash_)) if writer == self.id
                             else stream.signed[writer])
                heads.append((full_dot_text(dot), hash_, signature))
        message = ("changes", {"change_sets": sent, "heads": heads})
        if sum(len(header) + len(body) for header, _, body in sent) <= PART_BYTES:
            return [message] if sent else []
        whole = put_message(*message)
        hash_, first = whole_hash(whole), 0
        for receipt in held:
            if receipt["hash"] == hash_:
                first = receipt["index"]
        parts = [whole[at:at + PART_BYTES] for at in range(0, len(whole), PART_BYTES)]
        return [("part", {"dot": dots[0], "hash": hash_, "index": index,
                          "count": len(parts), "bytes": part})
                for index, part in enumerate(parts) if index >= first]


def whole_hash(whole):
    """The hash of what parts are pieces of: 5-Frames §4."""
    return hashlib.sha256(b"\x04" + whole).digest()


class Intake:
    """What one side takes of the other's turn, and the ERRORs that it owes for the rest (§6)."""

    def __init__(self, node):
        self.node, self.reports, self.foreign, self.stopped = node, [], set(), set()
        self.rejected, self.applied, self.staged = [], 0, 0

    def admits(self, name):
        if name in self.node.streams:
            return True
        if name not in self.foreign:
            self.foreign.add(name)
            self.reports.append(error("streamNotShared", name))
        return False

    def take_part(self, fields, receipts):
        """A part is kept, and taken when it was the last one; a receipt is noted."""
        stream, writer, _ = fields["dot"]
        if not self.admits(stream_text(stream)):
            return
        if not fields["bytes"]:
            receipts[fields["dot"]] = fields
        elif (stream_text(stream), writer) not in self.stopped:
            self.staged += 1
            message = self.node.stage(fields)
            if message:
                self.take(message)

    def take(self, message):
        for header, fields, body in message["change_sets"]:
            dot = full_dot_of(dot_of_change_set(fields))
            name, writer, number = stream_text(dot[0]), dot[1], dot[2]
            if not self.admits(name) or (name, writer) in self.stopped:
                continue
            stream = self.node.streams[name]
            if number > stream.known.get(writer, 0) and not self.proves(stream, message, writer):
                found = "unprovedChangeSet"
            else:
                found = stream.apply(header, body)
            self.applied += found == "applied"
            if found in ("unprovedChangeSet", "forkDetected"):
                self.stopped.add((name, writer))
                self.rejected.append(error(found, full_dot_text(dot)))
                self.reports.append(self.rejected[-1])
        for dot, _, signature in message["heads"]:
            parts = full_dot_of(dot)
            if stream_text(parts[0]) in self.node.streams:
                self.node.streams[stream_text(parts[0])].signed[parts[1]] = signature

    def proves(self, stream, message, writer):
        """Whether a head of the message proves what it has of that writer (3-ChangeSets §7)."""
        number = stream.known.get(writer, 0)
        last = stream.chains.get((writer, number), bytes(32))
        chain = {}
        for header, fields, body in message["change_sets"]:
            own = full_dot_of(dot_of_change_set(fields))
            if own == (stream.stream, writer, number + 1):
                number, last = number + 1, chain_hash(last, content_hash(header, body))
                chain[number] = last
        key = self.node.keys[replica_text(writer)]
        return any(chain.get(dot[2]) == hash_ and signature_holds(
            key, head_bytes(dot, hash_), signature)
                   for dot, hash_, signature in ((full_dot_of(d), h, s)
                                                 for d, h, s in message["heads"])
                   if dot[:2] == (stream.stream, writer) and dot[2] == number)


class Hub:
    """A hub in an exchange (§5) or a long poll (§9); `tops` is what it told its child last."""

    def __init__(self, node, tops, waits=False):
        self.node, self.tops, self.waits = node, tops, waits
        self.hello, self.end, self.intake = None, None, Intake(node)
        self.peer_knows, self.asked, self.refused, self.receipts = {}, set(), [], {}

    def refuse(self, end, challenge, report):
        self.end = end
        return [self.node.hello(challenge, []), report, ("done", {})]

    def violate(self, code, subject, challenge):
        return self.refuse(f"violated {code}", challenge, error(code, subject))

    def greet(self, kind, fields):
        """§2: versions, then the order of §2.6."""
        challenge = self.node.challenge
        if kind != "hello":
            subject = name_of(kind) + ("" if self.waits else " before HELLO")
            return self.violate("unexpectedFrame", subject, NO_CHALLENGE)
        if not overlap(fields["versions"], VERSIONS):
            return self.violate("versionMismatch", f"{VERSIONS[0]}-{VERSIONS[1]}", NO_CHALLENGE)
        name = replica_text(fields["replica"])
        if name not in self.node.registered:
            return self.violate("unknownReplica", name, challenge)
        if not self.node.is_signed(fields) or fields["challenge"] != challenge:
            return self.refuse("challenged", challenge, error("authenticationNeeded", name))
        self.hello = fields
        return []

    def hear(self, kind, fields):
        """A frame; returns what the hub says to it."""
        if self.end:
            return []
        if self.hello is None:
            return self.greet(kind, fields)
        if kind == "done":
            return self.answer_wait() if self.waits else self.tell()
        if self.waits or kind in ("hello", "bundleManifest", "bundleSeal"):
            return self.violate("unexpectedFrame", name_of(kind), self.node.challenge)
        if kind == "changes":
            self.intake.take(fields)
        elif kind == "part":
            self.intake.take_part(fields, self.receipts)
        elif kind == "error":
            self.refused.append(fields["subject"])
        elif self.intake.admits(name := stream_text(fields["stream"])):
            self.asked.add(name)
            if kind == "knowledge":
                if self.node.is_lost(fields):
                    return self.refuse("identityLost", self.node.challenge,
                                       error("notReady", self.node.name, 300_000))
                self.peer_knows[name] = dict(fields["known"])
        return []

    def tell(self):
        """The hub's turn (§3)."""
        self.end, node = "complete", self.node
        theirs = {stream: heads for stream, heads, _ in self.hello["streams"]}
        said = [node.hello(node.challenge, node.summaries())] + self.intake.reports
        differing = [stream_text(stream) for stream, heads, _ in node.summaries()
                     if theirs.get(stream, heads) != heads]
        said += [node.knowledge(name, self.hello["replica"]) for name in differing]
        said += node.receipts(differing)
        for name in node.streams:
            kind, fields = node.acknowledgement(name)
            if name in self.asked or self.tops.get(name) != fields["top"]:
                self.tops[name] = fields["top"]
                said.append((kind, fields))
        said += node.changes([(name, self.peer_knows[name]) for name in node.streams
                              if name in self.peer_knows], self.receipts.values())
        return said + [("done", {})]

    def answer_wait(self):
        """HELLO, the ACKNOWLEDGEMENTs that are news, DONE; nothing while there is no news (§9.2)."""
        node = self.node
        listed = {stream: heads for stream, heads, _ in self.hello["streams"]}
        news = [ack for ack in map(node.acknowledgement, node.streams)
                if self.tops.get(stream_text(ack[1]["stream"])) != ack[1]["top"]]
        if not news and all(listed.get(stream, heads) == heads
                            for stream, heads, _ in node.summaries()):
            return []
        self.end = "complete"
        return [node.hello(node.challenge, node.summaries()), *news, ("done", {})]


class Hint:
    """What a child keeps of its hub (§8)."""

    def __init__(self):
        self.peer, self.is_proved, self.challenge = None, False, None
        self.seen, self.known, self.acknowledged, self.stuck = {}, {}, {}, {}
        self.refused_here, self.refused_there, self.receipts = [], [], {}

    def meet(self, hello, is_proved):
        if self.peer != hello["replica"]:
            self.__init__()
        if self.challenge != hello["challenge"]:
            self.refused_here, self.refused_there, self.receipts = [], [], {}
        self.peer, self.challenge = hello["replica"], hello["challenge"]
        self.is_proved = is_proved

    def learn(self, name, known):
        """The hub's knowledge; a receipt of what it knows now means nothing more."""
        self.known[name] = known
        for dot in list(self.receipts):
            stream, writer, number = dot
            if stream_text(stream) == name and known.get(writer, 0) >= number:
                del self.receipts[dot]

    def is_left_out(self, name, own):
        """Whether a stuck stream is left out (§3.5): the clock of the vectors stands, no pause is ever over."""
        return self.stuck.get(name) == self.state(name, own)

    def stick(self, name, own):
        self.stuck[name] = self.state(name, own)

    def state(self, name, own):
        return own, self.seen[name][0], self.challenge, self.is_proved


class Child:
    """A child in an exchange (§4) or a long poll (§9)."""

    def __init__(self, node, hint, waits=False):
        self.node, self.hint, self.waits = node, hint, waits
        self.end, self.met, self.intake = None, False, Intake(node)
        self.told, self.said_acks, self.before = [], [], dict(hint.known)
        self.held_before = dict(hint.receipts)
        self.was_proved = hint.is_proved
        self.own = {name: s.heads_hash() for name, s in node.streams.items()}
        self.was_known = {name: dict(s.known) for name, s in node.streams.items()}

    def turn(self):
        node, hint = self.node, self.hint
        if self.waits:
            # What it last saw of the hub, not its own (§9.1).
            seen = [(stream_of(name), *hint.seen[name]) for name in node.streams
                    if name in hint.seen]
            return [node.hello(hint.challenge, seen), ("done", {})]
        if hint.challenge is None:
            return [node.hello(NO_CHALLENGE, []), ("done", {})]
        said = [node.hello(hint.challenge, node.summaries())]
        hint.refused_here = [report for report in hint.refused_here if not self.knows(report)]
        self.told = [name for name in node.streams if name in hint.seen
                     and hint.seen[name][0] != self.own[name]
                     and not hint.is_left_out(name, self.own[name])]
        said += hint.refused_here + [node.knowledge(name, hint.peer) for name in self.told]
        said += node.receipts(self.told)
        if hint.is_proved:
            for name in node.streams:
                acknowledgement = node.acknowledgement(name)
                if hint.acknowledged.get(name) != acknowledgement:
                    self.said_acks.append((name, acknowledgement))
                    said.append(acknowledgement)
            changes = node.changes([(name, self.known_there(name)) for name in self.told
                                    if hint.known.get(name) is not None],
                                   hint.receipts.values())
            for _, fields in changes:
                heads = [full_dot_of(head[0]) for head in fields.get("heads", [])]
                for stream, *_ in heads or [fields["dot"]]:
                    hint.known[stream_text(stream)] = None  # Unsure until the hub answers (§8.2).
            said += changes
        return said + [("done", {})]

    def known_there(self, name):
        """The hub's knowledge, and nothing more of what it refused (§6.3)."""
        known = dict(self.hint.known[name])
        for stream, writer, _ in map(full_dot_of, self.hint.refused_there):
            if stream_text(stream) == name:
                known[writer] = 1 << 64
        return known

    def knows(self, report):
        stream, writer, number = full_dot_of(report[1]["subject"])
        return self.node.streams[stream_text(stream)].known.get(writer, 0) >= number

    def fail(self, end):
        self.end = end
        if not self.waits:
            self.hint.acknowledged = {}

    def hear(self, kind, fields):
        if self.end:
            return
        if not self.met:
            self.greet(kind, fields)
        elif kind == "done":
            self.conclude()
        elif kind == "error":
            self.hear_error(fields)
        elif kind in ("hello", "bundleManifest", "bundleSeal") or (
                self.waits and kind != "acknowledgement"):
            self.fail("violated unexpectedFrame")
        elif kind == "changes":
            self.intake.take(fields)
        elif kind == "part":
            self.intake.take_part(fields, self.hint.receipts)
        elif self.intake.admits(name := stream_text(fields["stream"])) and kind == "knowledge":
            if self.node.is_lost(fields):
                self.fail("identityLost")
            else:
                self.hint.learn(name, dict(fields["known"]))

    def hear_error(self, fields):
        code, subject = CODES[fields["code"]], fields["subject"]
        if code == "authenticationNeeded":
            self.end = "challenged"
        elif code in ("unprovedChangeSet", "forkDetected") and subject.count(":") == 2:
            self.hint.refused_there.append(subject)
        elif code == "streamNotShared" and subject in self.node.streams:
            self.hint.seen.pop(subject, None)
        elif code != "replicaRestored":
            self.fail(f"refused {code}")

    def greet(self, kind, hello):
        """§2.7, then the comparison of the summaries."""
        if kind != "hello":
            return self.fail("violated unexpectedFrame")
        if not overlap(hello["versions"], VERSIONS):
            return self.fail("violated versionMismatch")
        is_proved = replica_text(hello["replica"]) in self.node.registered
        if is_proved and not self.node.is_signed(hello):
            return self.fail("violated authenticationNeeded")
        hint, self.met = self.hint, True
        hint.meet(hello, is_proved)
        theirs = {stream_text(s): (heads, digest) for s, heads, digest in hello["streams"]}
        for name in self.node.streams:
            if self.waits:
                if name in theirs and hint.seen.get(name, (None,))[0] != theirs[name][0]:
                    hint.seen[name], hint.known[name] = theirs[name], None
                continue
            hint.seen.pop(name, None)
            hint.known[name] = hint.known.get(name) if name in theirs else None
            if name in theirs:
                hint.seen[name] = theirs[name]
                same = theirs[name][0] == self.own[name]
                hint.known[name] = self.was_known[name] if same else None

    def conclude(self):
        """§3.5."""
        self.end, hint = "complete", self.hint
        if self.waits:
            return
        differing = []
        for name, stream in self.node.streams.items():
            if name not in hint.seen:
                continue
            if hint.seen[name][0] == stream.heads_hash():
                hint.learn(name, dict(stream.known))
                hint.stuck.pop(name, None)
            else:
                differing.append(name)
        hint.acknowledged.update(self.said_acks)
        moved = (self.intake.applied or self.intake.staged or hint.receipts != self.held_before
                 or hint.is_proved and not self.was_proved) or any(
            hint.known.get(name) != self.before.get(name) for name in self.node.streams)
        if not moved:
            for name in differing:
                if name in self.told:
                    hint.stick(name, self.node.streams[name].heads_hash())
        hint.refused_here += [r for r in self.intake.rejected if r not in hint.refused_here]

    def link_ended(self):
        if not self.end:
            self.fail("linkEnded")


def bytes_of(value):
    """Digits, or the file that has what is long, named by its content."""
    if not value.endswith(".bin"):
        return bytes.fromhex(value)
    with open(os.path.join(FOLDER, value), "rb") as file:
        data = file.read()
    assert value == file_name(data)
    return data


def file_name(data):
    return f"session-{hashlib.sha256(data).hexdigest()[:8]}.bin"


def wire(said):
    """Frames as the vectors give them."""
    payloads = [(kind, put_message(kind, fields)) for kind, fields in said]
    return [{"kind": kind, "payload": file_name(payload) if len(payload) > INLINE_BYTES
             else payload.hex()} for kind, payload in payloads]


def heard(frames):
    return [(f["kind"], get_message(f["kind"], bytes_of(f["payload"]))) for f in frames]


class Session:
    """Two nodes and what they keep of each other; runs the steps of a session."""

    def __init__(self, session, file):
        self.child = Node(session["child"], session, file, is_hub=False)
        self.hub = Node(session["hub"], session, file, is_hub=True)
        self.hint, self.tops = Hint(), {}

    def run(self, step):
        """What the two say in a step, how each ends, what both know then."""
        action, found = step["action"], {"child_says": [], "hub_says": []}
        if action in ("childWrites", "hubWrites"):
            carried = step["change_set"]
            node = self.child if action == "childWrites" else self.hub
            outcome = node.streams[carried["dot"].split(":")[0]].apply(
                bytes.fromhex(carried["header_hex"]), bytes_of(carried["body_hex"]))
            assert outcome == "applied"
        elif action == "hubHears":
            hub = Hub(self.hub, self.tops)
            found["hub_says"] = wire([s for kind, fields in heard(step["given"])
                                      for s in hub.hear(kind, fields)])
            found["hub_ends"] = hub.end or "listens"
        else:
            self.talk(step, found, action == "wait")
        for side, node in (("child", self.child), ("hub", self.hub)):
            found[f"{side}_knows"] = {
                name: [f"{replica_text(r)}:{n}" for r, n in node.known(name)]
                for name in node.streams}
        return found

    def talk(self, step, found, waits):
        child = Child(self.child, self.hint, waits)
        # The hub's memory of a long poll is read only (§9.3).
        hub = Hub(self.hub, self.tops, waits)
        found["child_says"] = wire(child.turn())
        if "given" in step:
            answer = step["given"]
        else:
            cut, said = step.get("cut_after"), []
            for kind, fields in heard(found["child_says"][:cut]):
                said += hub.hear(kind, fields)
            if cut is not None:
                hub.end = hub.end or "linkEnded"
            found["hub_says"], found["hub_ends"] = wire(said), hub.end or "listens"
            answer = found["hub_says"] if cut is None else []
        for kind, fields in heard(answer):
            child.hear(kind, fields)
        child.link_ended()
        found["child_ends"] = child.end
