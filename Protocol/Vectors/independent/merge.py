"""A replica of one stream: the apply rule, registers, what is shown, conflicts, hashes: 4-Merge."""
from frames import chain_hash, content_hash
from wire import (Reader, be, dot_of, dot_text, full_dot_of, get_body, get_header, packed,
                  replica_of, sha, stamp_of, stream_number, stream_of, value_of, value_text)


def is_in(context, writer, number, dot):
    """Whether the writer of (writer, number) knew a dot of the stream (§2)."""
    return dot[1] < number if dot[0] == writer else dot[1] <= context.get(dot[0], 0)


def dot_order(dot):
    return packed(dot[0]), dot[1]


class Dot:
    """One write that stands in a register (§1)."""

    def __init__(self, dot, origin, stamp, tier, value, follows):
        self.dot, self.origin, self.stamp, self.tier = dot, origin, stamp, tier
        self.value, self.follows, self.suspect = value, follows, False

    def age(self):
        """The order of §4 without marks: timestamp, node, epoch, stream, number; then the carrying dot."""
        stream, replica, number = self.origin
        return (self.stamp, packed(replica), stream_number(stream), number, dot_order(self.dot))

    def owns(self, policy):
        if policy["policy"] == "owner":
            return self.tier == policy.get("tier", 0)
        return self.origin[1][0] == self.origin[0][0]


def best(dots):
    return max(dots, key=lambda d: (not d.suspect, d.age())) if dots else None


def value_key(value):
    """Values order as null, integer, real, text, blob; reals by number (§5 max, min)."""
    if value is None:
        return (0,)
    if isinstance(value, int):
        return (1, value)
    kind, content = value
    if kind == "real":
        return (2, content ^ (1 << 64) - 1 if content >> 63 else content | 1 << 63)
    return (3 if kind == "text" else 4, content)


def rank_last(values, policy):
    follow = {value_of(k): [value_of(v) for v in n] for k, n in policy["next"].items()}

    def reach(start):
        found = list(follow.get(start, []))
        for state in found:
            found += [after for after in follow.get(state, []) if after not in found]
        return found
    if len(values) == 1:
        return values[0]
    for value in values:
        others = [other for other in values if other != value]
        if all(value in reach(o) and o not in reach(value) for o in others):
            return value
    return None


def shown_dot(dots, policy):
    name = policy["policy"]
    if name in ("owner", "ownerScope"):
        return best([d for d in dots if d.owns(policy)]) or best(dots)
    if name == "immutable":
        return best([d for d in dots if not d.follows]) or best(dots)
    if name in ("standard", "addWins"):
        return best([d for d in dots if d.value != "dead"]) or best(dots)
    if name in ("max", "min"):
        known = [d for d in dots if d.value[0] is not None] or dots
        pick = max if name == "max" else min
        edge = pick((value_key(d.value[0]) for d in known), default=None)
        return best([d for d in known if value_key(d.value[0]) == edge])
    if name == "rank":
        last = rank_last(list(dict.fromkeys(d.value[0] for d in dots)), policy) if dots else None
        return best([d for d in dots if d.value[0] == last] if last is not None else dots)
    return best(dots)


def shown_columns(dots, policy):
    if not dots:
        return None
    if policy["policy"] == "counter":
        last = {}
        for dot in dots:
            other = last.get(dot.origin[1])
            last[dot.origin[1]] = best([dot, other] if other else [dot])
        total = sum(d.value[0] for d in last.values() if isinstance(d.value[0], int))
        return [max(-1 << 63, min(total, (1 << 63) - 1))]
    return list(shown_dot(dots, policy).value)


def conflict_of(dots, policy):
    """Kind, siblings (lists of dots) or None (§7)."""
    name = policy["policy"]
    dots = sorted(dots, key=Dot.age)

    def grouped(key):
        groups = {}
        for dot in dots:
            groups.setdefault(key(dot), []).append(dot)
        return list(groups.values())
    if len(dots) < 2 or name in ("addWins", "counter", "max", "min"):
        return None
    if name == "standard":
        alive = [d for d in dots if d.value != "dead"]
        if alive and len(alive) < len(dots):
            return 3, grouped(lambda d: d.value == "dead")
        siblings = grouped(lambda d: d.origin)
        created = any(d.value == "inserted" for d in dots)
        return (2, siblings) if alive and created and len(siblings) > 1 else None
    siblings = grouped(lambda d: d.value)
    if len(siblings) < 2:
        return None

    def disagree(member):
        return sum(any(member(d) for d in sibling) for sibling in siblings) > 1
    if name in ("owner", "ownerScope"):
        return (1 if disagree(lambda d: d.owns(policy)) else 4), siblings
    if name == "immutable":
        return (7 if disagree(lambda d: not d.follows) else 8), siblings
    if name == "rank":
        values = list(dict.fromkeys(d.value[0] for d in dots))
        return None if rank_last(values, policy) is not None else (6, siblings)
    return {"latest": 1, "review": 5}[name], siblings


class Operation:
    def __init__(self, block, row, header, context, number, tree):
        self.kind, self.context = block["kind"], context
        self.writer, self.number = replica_of(header["replica"]), number
        values, groups = block["rows"][row], sorted({g for _, g in block["columns"]})
        notes = {note["group"]: note for note in block["notes"] if note["row"] == row}
        self.over = {group: [dot_of(dot) for dot in note["over"]]
                     for group, note in notes.items() if "over" in note}
        self.writes = {}
        for index, group in enumerate([0] + groups):
            note = notes.get(group, {})
            stream, replica, at = stream_of(header["stream"]), self.writer, number
            stamp = stamp_of(header["timestamp"])
            if "origin_dot" in note:
                stream, replica, at = full_dot_of(note["origin_dot"])
                stamp = stamp_of(note["origin_timestamp"])
            value = {"insert": "inserted", "update": "updated", "delete": "dead"}[self.kind]
            if group:
                value = tuple(value_of(v) for (_, g), v in zip(block["columns"], values["new"])
                              if g == group)
            had = bool(values["before_dots"][index]) if "before_dots" in values else False
            decision = len(self.over.get(group, [])) >= 2
            follows = had and self.kind != "insert" and not decision
            self.writes[group] = Dot((self.writer, number), (stream, replica, at), stamp,
                                     tree.get(replica[0], 255), value, follows)

    def knew(self, dot):
        return is_in(self.context, self.writer, self.number, dot)

    def is_malformed(self):
        return any([dot_order(d) for d in over] != sorted({dot_order(d) for d in over})
                   or not all(map(self.knew, over)) for over in self.over.values())

    def covers(self, group, dot, policy):
        over = self.over.get(group)
        if not (self.knew(dot.dot) if over is None else dot.dot in over):
            return False
        write, name = self.writes[group], policy["policy"]
        if name in ("owner", "ownerScope"):
            return write.owns(policy) or not dot.owns(policy)
        if name == "counter":
            return self.kind == "insert" or write.origin[1] == dot.origin[1]
        if name == "immutable":
            return (self.kind == "insert" or len(over or []) >= 2
                    or write.follows and dot.follows)
        return True


class Row:
    def __init__(self):
        self.registers = {0: []}

    def alive(self):
        return any(dot.value != "dead" for dot in self.registers[0])

    def apply(self, operation, policies):
        if operation.is_malformed():
            return
        for group, write in operation.writes.items():
            policy = policies(group)
            kept = [d for d in self.registers.get(group, [])
                    if not operation.covers(group, d, policy)]
            if not (policy["policy"] == "addWins" and write.value == "dead"):
                kept.append(write)
            self.registers[group] = sorted(kept, key=lambda d: dot_order(d.dot))
        if operation.kind == "insert":
            for group in set(self.registers) - set(operation.writes):
                self.registers[group] = [d for d in self.registers[group]
                                         if not operation.knew(d.dot)]
        self.registers = {g: d for g, d in sorted(self.registers.items()) if d or g == 0}


def key_bytes(values):
    """The bytes of a key (§7): per column its kind and its content."""
    out = b""
    for value in values:
        if isinstance(value, int):
            out += b"\x01" + be(value + (1 << 63), 8)
        else:
            out += bytes([3 if value[0] == "text" else 4])
            out += value[1].replace(b"\0", b"\0\xff") + b"\0\0"
    return out


class Replica:
    """Streams are applied one by one; a transaction's parts in other streams are not looked at."""

    def __init__(self, stream, tree, tables):
        self.stream, self.tables, self.tree = stream_of(stream), tables, {}
        self.parents = {}
        for entry in tree:
            parent = entry.get("parent")
            self.parents[int(entry["scope"])] = int(parent) if parent else None
            self.tree[int(entry["scope"])] = self.tree[int(parent)] + 1 if parent else 0
        self.known, self.contexts, self.chains, self.log = {}, {}, {}, []
        self.refused, self.marked, self.rows = set(), set(), {}
        # For sessions: bytes in the order of arrival, the last signature of each writer.
        self.carried, self.signed = [], {}

    def apply(self, header_bytes, body_bytes):
        """`applied`, `duplicate`, `forkDetected` or `parked`."""
        reader = Reader(header_bytes)
        header = get_header(reader)
        reader.end()
        body = get_body(body_bytes, header)
        writer, number = replica_of(header["replica"]), int(header["number"])
        content = content_hash(header_bytes, body_bytes)
        if number <= self.known.get(writer, 0):
            same = any(dot == (writer, number) and found == content
                       for dot, found, _ in self.log)
            return "duplicate" if same else "forkDetected"
        context = dict(self.contexts.get(writer, {}))
        for entry in header["context"]:
            replica, known = dot_of(entry)
            context[replica] = max(context.get(replica, 0), known)
        if number != self.known.get(writer, 0) + 1 or any(
                self.known.get(replica, 0) < known for replica, known in context.items()):
            return "parked"
        self.contexts[writer], self.known[writer] = context, number
        previous = self.chains.get((writer, number - 1), bytes(32))
        self.chains[writer, number] = chain_hash(previous, content)
        operations = {}
        for block in body["blocks"]:
            for row, values in enumerate(block["rows"]):
                key = tuple(value_of(v) for v in values["key"])
                operations[block["table"], key] = Operation(block, row, header, context, number,
                                                            self.tree)
        self.log.append(((writer, number), content, operations))
        self.carried.append((header_bytes, body_bytes, (writer, number)))
        for control in body["controls"]:
            if not self.may_judge(control, writer, context):
                continue
            if control["code"] == 1:
                self.refused.add(dot_of(control["dot"]))
            if control["code"] == 2:
                self.marked.add(dot_of(control["dot"]))
        self.rebuild()
        return "applied"

    def may_judge(self, control, judge, context):
        """Whether a refusal or mark has effect: see the end of §6."""
        if control["code"] not in (1, 2):
            return False
        author, number = dot_of(control["dot"])
        if judge[1] != 0 or context.get(author, 0) < number:
            return False
        if judge[0] == author[0]:
            return author[1] != 0
        above = self.parents.get(author[0])
        while above is not None and above != judge[0]:
            above = self.parents.get(above)
        return above is not None

    def policies(self, table):
        found = next((t for t in self.tables if t["id"] == table), None)
        groups = {g["id"]: g for g in found["groups"]} if found else {}
        groups[0] = {"policy": found["existence"] if found else "standard"}
        return lambda group: groups.get(group, {"policy": "latest"})

    def rebuild(self):
        """Folds what is not refused in the order of arrival, then marks (§6)."""
        self.rows = {}
        for dot, _, operations in self.log:
            for (table, key), operation in operations.items():
                row = self.rows.setdefault((table, key), Row())
                if dot not in self.refused:
                    row.apply(operation, self.policies(table))
        for row in self.rows.values():
            for dot in (d for dots in row.registers.values() for d in dots):
                here = dot.origin[0] == self.stream and dot.origin[1:] in self.marked
                dot.suspect = dot.dot in self.marked or here

    def heads_hash(self):
        data = b"\x02"
        for replica in sorted(self.known):
            number = self.known[replica]
            data += be(packed(replica), 8) + be(number, 8) + self.chains[replica, number]
        return sha(data)[:8]

    def row_hash(self, table, key, row):
        name = key_bytes(key)
        data = b"\x03" + be(table, 4) + be(self.stream[0], 4) + be(len(name), 4) + name
        dots = sorted({d.dot for r in row.registers.values() for d in r}, key=dot_order)
        data += be(len(dots) & 0xFFFF, 2)
        for replica, number in dots:
            data += be(packed(replica), 8) + be(number, 8)
        for group, register in sorted(row.registers.items()):
            data += be(group, 4) + be(len(register) & 0xFFFF, 2)
            for dot in register:
                data += be(dots.index(dot.dot) & 0xFFFF, 2)
                if group == 0:
                    data += bytes([["dead", "updated", "inserted"].index(dot.value)])
                    continue
                for value in dot.value:
                    code = value_key(value)[0]
                    data += bytes([code])
                    if code in (1, 2):
                        word = value if code == 1 else value[1]
                        data += be(word & (1 << 64) - 1, 8)
                    elif code:
                        data += be(len(value[1]), 4) + value[1]
        return sha(data)

    def digest(self):
        total = sum(int.from_bytes(self.row_hash(table, key, row)[:16], "big")
                    for (table, key), row in self.rows.items() if row.alive())
        return be(total % (1 << 128), 16)

    def fields(self):
        """The rows as `merges.json` gives them."""
        out = []
        for (table, key), row in sorted(self.rows.items(), key=lambda i: (i[0][0],
                                                                          key_bytes(i[0][1]))):
            policies, fields = self.policies(table), {"table": table, "is_alive": row.alive()}
            fields["key"] = [value_text(value) for value in key]
            fields["key_hex"] = key_bytes(key).hex()
            if row.alive():
                fields["row_hash"] = self.row_hash(table, key, row).hex()
            fields["registers"], fields["conflicts"] = [], []
            for group, dots in row.registers.items():
                register = {"group": group, "dots": [self.standing(d) for d in dots]}
                if group and dots:
                    columns = shown_columns(dots, policies(group))
                    register["shown"] = [value_text(v) for v in columns]
                fields["registers"].append(register)
                found = conflict_of(dots, policies(group)) if row.alive() else None
                # Who created a row twice alike created one row (§3).
                if found and found[0] == 2 and not any(
                        len({d.value for d in other}) > 1
                        for number, other in row.registers.items() if number):
                    found = None
                if found:
                    fields["conflicts"].append(
                        self.conflict(table, key, group, dots, policies(group), *found))
            out.append(fields)
        return out

    @staticmethod
    def standing(dot):
        stream, replica, number = dot.origin
        milliseconds, counter = dot.stamp
        value = [dot.value] if isinstance(dot.value, str) else [value_text(v) for v in dot.value]
        name = f"{stream[0]}/{['both', 'up', 'down'][stream[1]]}:{dot_text((replica, number))}"
        return {"dot": dot_text(dot.dot), "origin": name, "value": value,
                "timestamp": f"{milliseconds}" + (f"+{counter}" if counter else ""),
                "follows_value": dot.follows, "is_suspect": dot.suspect}

    def conflict(self, table, key, group, dots, policy, kind, siblings):
        name = key_bytes(key)
        origins = sorted({d.origin for d in dots},
                         key=lambda o: (packed(o[1]), stream_number(o[0]), o[2]))
        data = b"tributary/conflict/1\0" + be(table, 4) + be(self.stream[0], 4)
        data += be(len(name), 4) + name + be(group, 4) + be(len(origins), 4)
        for stream, replica, number in origins:
            data += be(stream_number(stream), 4) + be(packed(replica), 8) + be(number, 8)
        shown = shown_dot(dots, policy)

        def proposes(dot):
            if policy["policy"] in ("owner", "ownerScope"):
                return not dot.owns(policy)
            return policy["policy"] == "immutable" and dot.follows
        return {"group": group, "kind": kind, "id": sha(data)[:16].hex(),
                "siblings": [[dot_text(d.dot) for d in s] for s in siblings],
                "proposals": [all(map(proposes, s)) for s in siblings],
                "shown_sibling": next(i for i, s in enumerate(siblings) if shown in s)}
