#!/usr/bin/env python3
"""Checks published draw records, written from Protocol/10-Draw.md alone; Python 3 standard library.

    verify.py RECORD...                  prints the failing steps of each record; status 1 when there are some
    verify.py --vectors FOLDER           checks each *.json of a folder against the step that it names
"""
import hashlib, hmac, json, os, re, sys, unicodedata

NONE = 0xFFFFFFFF
STEPS = ["anchors", "items", "frame", "counts", "roster", "parameters", "caps", "commit", "signatures",
         "acknowledgement", "seed", "quotas", "ranking", "selection", "batches", "result", "shares", "matching",
         "chain"]


class Fault(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Fault(text)


# 1 Bytes
def u(n, value): return value.to_bytes(n, "big")
def S(text):
    b = unicodedata.normalize("NFC", text).encode()
    need(len(b) < 0xFFFF, "text too long")
    return u(2, len(b)) + b
def LP(b): return u(4, len(b)) + b
def T(tag): return tag.encode() + b"\0"
def H(b): return hashlib.sha256(b).digest()
def MAC(key, b): return hmac.new(key, b, hashlib.sha256).digest()
def X(text): return bytes.fromhex(text)
def codes(list_): return u(2, len(list_)) + b"".join(S(c) for c in list_)
def by_bytes(text): return unicodedata.normalize("NFC", text).encode()


# Ed25519, RFC 8032 §5.1.7
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def mul(n, p):
    q = (0, 1, 1, 0)
    while n:
        if n & 1:
            q = add(q, p)
        p, n = add(p, p), n >> 1
    return q


def point(b):
    y = int.from_bytes(b, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    p, q = mul(s, BASE), add(r, mul(h, a))
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


# 2, 3 Rows, tree, frames
def root(leaves):
    if not leaves:
        return H(b"")
    while len(leaves) > 1:
        above = [H(b"\1" + leaves[i] + leaves[i + 1]) for i in range(0, len(leaves) - 1, 2)]
        leaves = above + leaves[len(above) * 2:]
    return leaves[0]


def row_bytes(r): return S(r[0]) + S(r[1]) + u(4, r[2]) + u(1, r[3])


def inspector_bytes(r):
    return (S(r["id"]) + S(r["station"]) + u(1, r["on_duty"]) + u(4, r["certificate_valid_to"])
            + u(4, r["month_cap"]) + u(4, r["load"]) + codes(sorted(r["tags"], key=by_bytes)))


def header_hash(h):
    cut = sorted(h["cut"], key=lambda e: by_bytes(e["node"]))
    return H(T("YDR1/frame") + S(h["unit"]) + S(h["kind"]) + u(8, h["item_list_version"]) + u(8, h["frozen_at_ms"])
             + u(2, len(cut)) + b"".join(S(e["node"]) + u(8, e["counter"]) for e in cut)
             + u(8, h["row_count"]) + X(h["root"]))


def counts_of(rows):
    counts = {}
    for key, stratum, weight, status in rows:
        c = counts.setdefault(stratum, {"stratum": stratum, "rows": 0, "eligible": 0})
        c["rows"] += 1
        c["eligible"] += status == 0
    return [counts[s] for s in sorted(counts, key=by_bytes)]


# 4 Parameters
def params_hash(p):
    b = T("YDR1/param") + X(p["task"]) + u(4, p["sequence"]) + u(1, p["mode"]) + u(2, len(p["strata"]))
    for r in p["strata"]:
        b += S(r["stratum"]) + u(4, r["ratio_bp"]) + u(4, r["min"]) + u(4, r["max"])
    b += u(4, p["total_cap"]) + u(1, p["coordinated"])
    def field(tag, value):
        return b"" if value is None else u(1, tag) + LP(value)
    m = p.get("matching")
    if m is not None:
        flags = (1 if m["avoids_last_team"] else 0) | (2 if m["limits_own_station"] else 0)
        m = (u(1, m["team_size"]) + u(4, m["first_day"]) + u(4, m["last_day"]) + u(1, flags)
             + codes(m["required_tags"]) + X(m["avoidance_hash"])
             + X(m.get("neighbour_frame") or "00" * 32) + X(m.get("object_result") or "00" * 32))
    def text(name):
        return by_bytes(p[name]) if p.get(name) is not None else None
    b += field(1, text("filter"))
    b += field(2, X(p["item_list_hash"]) if p.get("item_list_hash") else None)
    b += field(3, u(4, p["batch_count"]) if p.get("batch_count") is not None else None)
    b += field(4, text("requirement"))
    b += field(5, codes(p["items"]) if p.get("items") is not None else None)
    b += field(6, m)
    units = p.get("units")
    if units is not None:
        b += field(7, u(2, len(units)) + b"".join(S(r["unit"]) + u(4, r["row_count"]) + X(r["root"]) for r in units))
    if p.get("first_day") is not None:
        need(p["first_day"] <= p["last_day"], "days")
        b += field(8, u(4, p["first_day"]) + u(4, p["last_day"]))
    return H(b)


def items_hash(version, items):
    b = T("YDR1/items") + u(8, version) + u(4, len(items))
    for i in sorted(items, key=lambda i: by_bytes(i["code"])):
        cap = i.get("cap_bp")
        b += (S(i["code"]) + S(i["name"]) + u(1, i["class"] == "KEY") + u(4, NONE if cap is None else cap)
              + codes(sorted(i["qualifications"], key=by_bytes)))
    return H(b)


# 6, 7 Values, commit
def value_leaf(k, v): return H(b"\0" + T("YDR1/leaf") + u(4, k) + v)


def commit_hash(c):
    b = T("YDR1/csess" if c["session"] else "YDR1/commit") + S(c["node"])
    if c["session"]:
        b += u(2, len(c["entries"]))
    for e in sorted(c["entries"], key=lambda e: (e["task"], e["sequence"])):
        b += X(e["task"]) + u(4, e["sequence"]) + X(e["frame"])
        if c["session"]:
            b += X(e.get("inspector_frame") or "00" * 32)
        b += X(e["parameters"])
    return H(b + u(4, c["value_index"]) + X(c["county_anchor"]) + X(c["hub_anchor"]))


# 9 Objects
def quotas(p, eligible):
    n = []
    for r, N in zip(p["strata"], eligible):
        n.append(min(N, r["max"], max(r["min"], -(-N * r["ratio_bp"] // 10000))))
    if p["mode"] != 1:
        return list(eligible)
    cap = p["total_cap"]
    if cap != NONE:
        letters = {"A": 0, "N": 1, "B": 2, "C": 3, "D": 4}
        order = sorted(range(len(n)), key=lambda i: (letters.get(p["strata"][i]["stratum"][0], 5), i))
        for i in order:
            over = sum(n) - cap
            if over > 0:
                n[i] -= min(over, n[i] - min(n[i], p["strata"][i]["min"], eligible[i]))
        need(sum(n) <= cap, "caps cannot be kept")
    return n


class Key:
    """u/w in exact products, then digest, then key."""
    def __init__(self, digest, row): self.u, self.w, self.rest = digest[:8], row[2], (digest, by_bytes(row[0]))
    def __lt__(self, other):
        a = int.from_bytes(self.u, "big") * other.w
        b = int.from_bytes(other.u, "big") * self.w
        return (a, self.rest) < (b, other.rest)


def draw(rows, p, seed):
    task = X(p["task"])
    q = bytes(16) if p["coordinated"] else task
    free = [r for r in rows if r[3] == 0]
    names = [r["stratum"] for r in p["strata"]]
    for r in free:
        need(r[1] in names, "stratum " + r[1])
    ranked = sorted(free, key=lambda r: (MAC(seed, T("YDR1/bat") + task + S(r[0])), by_bytes(r[0])))
    rank = {r[0]: i for i, r in enumerate(ranked)}
    batches = []
    if p.get("batch_count") and p["mode"] != 1:
        batches = [[] for _ in range(p["batch_count"])]
        for i, r in enumerate(ranked):
            batches[i * p["batch_count"] // len(ranked)].append(r[0])
    members = [[r for r in free if r[1] == name] for name in names]
    if p["mode"] == 5:
        need(all(len(m) != 1 for m in members), "a unit alone")
        ranked = sorted(free, key=lambda r: (MAC(seed, T("YDR1/pair") + task + S(r[0])), by_bytes(r[0])))
        rank = {r[0]: i for i, r in enumerate(ranked)}
    result = []
    for rule, rows_, n in zip(p["strata"], members, quotas(p, [len(m) for m in members])):
        if p["mode"] in (3, 5):
            keys = sorted((r[0] for r in rows_), key=rank.get)
            result.append(dict(stratum=rule["stratum"], eligible=len(keys), count=len(keys), certain=len(keys),
                               selected=keys, reserves=[]))
            continue
        keyed = {r[0]: Key(MAC(seed, T("YDR1/obj") + q + S(r[0])), r) for r in rows_}
        rows_ = sorted(rows_, key=lambda r: keyed[r[0]])
        certain, left, rest = set(), n, list(rows_)
        while left > 0:
            W = sum(r[2] for r in rest)
            taken = [r for r in rest if left * r[2] >= W]
            if not taken:
                break
            certain.update(r[0] for r in taken)
            left -= len(taken)
            rest = [r for r in rest if r[0] not in certain]
        out = dict(stratum=rule["stratum"], eligible=len(rows_), count=n, certain=len(certain),
                   selected=[r[0] for r in rows_ if r[0] in certain] + [r[0] for r in rest[:left]],
                   reserves=[r[0] for r in rest[left:left + 5]])
        if left:
            out["threshold_u"], out["threshold_weight"] = keyed[rest[left - 1][0]].u.hex(), rest[left - 1][2]
        result.append(out)
    return result, batches


def result_hash(frame, params, seed, strata):
    b = T("YDR1/result") + frame + params + seed
    for s in strata:
        b += S(s["stratum"]) + u(4, len(s["selected"])) + b"".join(S(k) for k in s["selected"])
    return H(b)


def share_bytes(s):
    return (T("YDR1/share") + S(s["initiator"]) + X(s["commit"]) + X(s["task"]) + u(4, s["sequence"]) + X(s["result"])
            + S(s["unit"]) + u(4, len(s["objects"])) + b"".join(S(k) for k in s["objects"]))


def drawn_objects(d):
    return [k for b in d["batches"] for k in b] if d["batches"] else [k for s in d["strata"] for k in s["selected"]]


# 10 Inspectors
def avoidance_hash(entries):
    rows = sorted({(e["kind"], by_bytes(e["object"]), by_bytes(e["other"])) for e in entries})
    return H(T("YDR1/avoid") + u(4, len(rows))
             + b"".join(u(1, k) + u(2, len(o)) + o + u(2, len(t)) + t for k, o, t in rows))


class Board:
    def __init__(self, pool, rules, avoidance, seed):
        self.pool, self.rules, self.seed = pool, rules, seed
        self.load = {r["id"]: r["load"] for r in pool}
        self.by_id = {r["id"]: r for r in pool}
        self.out, self.station, self.teams, self.filled = set(), {}, {}, []
        for e in avoidance:
            if e["kind"] == 0 or e["kind"] == 1 and rules["avoids_last_team"]:
                self.out.add((e["object"], e["other"]))
            elif e["kind"] == 2 and rules["limits_own_station"]:
                self.station[e["object"]] = e["other"]

    def able(self, o, r):
        return r["on_duty"] and r["certificate_valid_to"] >= self.rules["last_day"] and (o, r["id"]) not in self.out

    def room(self, r): return r["month_cap"] == NONE or self.load[r["id"]] < r["month_cap"]
    def own(self, o, r): return r["station"] != "" and self.station.get(o) == r["station"]

    def fits(self, o, r, team):
        return (self.able(o, r) and all(m["id"] != r["id"] for m in team)
                and not (self.own(o, r) and any(self.own(o, m) for m in team)))

    def best(self, o, rows):
        return min(rows, key=lambda r: (self.load[r["id"]], MAC(self.seed, T("YDR1/ins") + S(o) + S(r["id"])),
                                        by_bytes(r["id"])), default=None)

    def candidates(self, o, team, tag):
        return [r for r in self.pool if self.room(r) and self.fits(o, r, team) and (tag is None or tag in r["tags"])]

    def missing(self, team): return [t for t in self.rules["required_tags"] if not any(t in m["tags"] for m in team)]

    def choose(self, o, team):
        chosen = []
        def take(tag):
            r = self.best(o, self.candidates(o, team + chosen, tag))
            if r is not None:
                chosen.append(r)
                self.load[r["id"]] += 1
            return r is not None
        for tag in self.rules["required_tags"]:
            if tag in self.missing(team + chosen):
                take(tag)
        while len(team + chosen) < self.rules["team_size"] and take(None):
            pass
        return chosen

    def state(self, team):
        return 1 if len(team) < self.rules["team_size"] else 2 if self.missing(team) else 0

    def fill(self, o):
        team = self.teams[o] = self.choose(o, [])
        open_ = self.missing(team) + [None] * max(0, self.rules["team_size"] - len(team))
        if len(open_) == 1:
            self.swap(o, team, open_[0])
        if self.state(team) == 0:
            self.filled.append(o)

    def swap(self, o, team, tag):
        for other in self.filled:
            members = self.teams[other]
            for place, m in enumerate(members):
                if not self.fits(o, m, team) or self.room(m) or tag is not None and tag not in m["tags"]:
                    continue
                rest = members[:place] + members[place + 1:]
                lost = self.missing(rest)
                s = self.best(other, [r for r in self.candidates(other, rest, None)
                                      if r is not m and all(t in r["tags"] for t in lost)])
                if s is not None:
                    members[place] = s
                    self.load[s["id"]] += 1
                    team.append(m)
                    return


def match(objects, pool, pool_hash, rules, avoidance, seed, neighbours):
    own = Board(pool, rules, avoidance, seed)
    able = {o: sum(1 for r in pool if own.able(o, r) and own.room(r)) for o in objects}
    order = sorted(set(objects), key=lambda o: (able[o], MAC(seed, T("YDR1/vis") + S(o))))
    for o in order:
        own.fill(o)
    b = T("YDR1/insres") + pool_hash + seed + u(4, len(order))
    for o in order:
        team = own.teams[o]
        b += S(o) + u(1, own.state(team)) + u(4, able[o]) + codes([m["id"] for m in team])
    other = Board(neighbours, rules, avoidance, seed) if neighbours is not None else None
    teams = []
    for o in order:
        team = own.teams[o]
        more = other.choose(o, team) if other is not None and own.state(team) else []
        all_ = team + more
        leader = next((m["id"] for m in all_ if "LEAD" in m["tags"]), all_[0]["id"] if all_ else None)
        teams.append(dict(object=o, state=own.state(all_), eligible=able[o], members=[m["id"] for m in team],
                          neighbours=[m["id"] for m in more], leader=leader))
    return teams, H(b)


# 12 Checking
class Record:
    def __init__(self, record):
        self.r = record
        self.frames = {f["hash"]: f for f in record["frames"]}
        self.keys = {k["role"]: X(k["public_key"]) for k in reversed(record["keys"])}
        self.initiators = {k["name"]: X(k["public_key"]) for k in reversed(record["keys"]) if k["role"] == "initiator"}

    def signature(self, role, message, signature):
        need(role in self.keys and signed(self.keys[role], message, X(signature)), "signature of " + role)

    def anchored(self, side, k, value):
        need(self.r.get(side) is not None, "no " + side)
        leaves = self.r[side]["leaves"]
        need(k < len(leaves) and X(leaves[k]) == value_leaf(k, value), "value is not of the anchor: " + side)

    def anchor(self, side):
        return bytes(32) if self.r.get(side) is None else root([X(l) for l in self.r[side]["leaves"]])

    def check(self):
        failed = []
        def run(step, body, *arguments):
            try:
                body(*arguments)
            except Fault as fault:
                failed.append((step, str(fault)))
            except (KeyError, ValueError, TypeError, IndexError, OverflowError) as error:
                failed.append((step, "malformed: %r" % error))
        run("anchors", self.anchors)
        for d in self.r["draws"]:
            self.d, self.p, self.c = d, d["parameters"], d["commit"]
            self.entry = next((e for e in self.c["entries"] if e["task"] == self.p["task"]
                               and e["sequence"] == self.p["sequence"]), None)
            self.f = self.frames.get(self.entry["frame"]) if self.entry else None
            self.kind = self.f["header"]["kind"] if self.f is not None else "OBJ"
            self.ins = self.kind == "INS"
            self.secret = d.get("reveal") is None and d["strata"] == [] and self.p["strata"] != []
            for step in STEPS[1:-1]:
                run(step, getattr(self, step))
        run("chain", self.chain)
        return failed

    def anchors(self):
        r = self.r
        need(r["format"] == "tributary-draw-record" and r["version"] == 1, "format")
        for number, role in ((1, "county"), (2, "hub")):
            side = r.get(role + "_anchor")
            if side is None and role == "hub":
                continue
            self.signature(role, T("YDR1/anchor") + S(r["unit"]) + u(1, number) + u(2, r["year"])
                           + u(4, len(side["leaves"])) + self.anchor(role + "_anchor"), side["signature"])

    def items(self):
        if self.p.get("item_list_hash"):
            need(X(self.p["item_list_hash"]) == items_hash(self.r["item_list_version"], self.r["items"]), "item list")
            known = {i["code"] for i in self.r["items"]}
            need(all(c in known for c in self.p.get("items") or []), "unknown item")

    def frame(self):
        need(self.f is not None, "the frame is not in the record")
        need(X(self.f["hash"]) == header_hash(self.f["header"]), "header")
        need(self.p["mode"] in {"OBJ": (1, 3, 4), "INS": (1,), "UNIT": (5,), "RES": (1,)}[self.kind], "mode")
        if self.ins:
            self.inspectors(self.f["hash"])
            return
        units, bound = self.f.get("units"), self.p.get("units")
        need((units is None) == (bound is None), "units")
        if units is not None:
            need([[x[n] for n in ("unit", "row_count", "root")] for x in units]
                 == [[x[n] for n in ("unit", "row_count", "root")] for x in bound], "units")
            names = [by_bytes(x["unit"]) for x in units]
            need(names == sorted(set(names)), "order of units")
            need(sum(x["row_count"] for x in units) == self.f["header"]["row_count"], "rows of units")
        rows = self.f.get("rows")
        if rows is None:
            return
        keys = [by_bytes(r[0]) for r in rows]
        need(len(set(keys)) == len(keys), "two rows of one key")
        need(len(rows) == self.f["header"]["row_count"], "row count")
        rows = sorted(rows, key=lambda r: by_bytes(r[0]))
        need(root([H(b"\0" + row_bytes(r)) for r in rows]) == X(self.f["header"]["root"]), "root")
        by_key, owner = {r[0]: r for r in rows}, {}
        for x in units or []:
            need(x.get("keys") is not None and len(x["keys"]) == x["row_count"], "keys of " + x["unit"])
            own = sorted(x["keys"], key=by_bytes)
            need(all(k in by_key and k not in owner for k in own) and len(set(own)) == len(own), "keys of " + x["unit"])
            need(root([H(b"\0" + row_bytes(by_key[k])) for k in own]) == X(x["root"]), "root of " + x["unit"])
            owner.update({k: x["unit"] for k in own})
        for x in units or []:
            need(all(owner.get(k, x["unit"]) != x["unit"] for k in x.get("left_out") or []), "left out of " + x["unit"])

    def counts(self):
        if self.ins:
            return
        stated = self.f.get("counts")
        need(stated is not None, "no counts")
        need(sum(c["rows"] for c in stated) == self.f["header"]["row_count"], "sum of rows")
        if self.f.get("rows") is not None:
            need(stated == counts_of(self.f["rows"]), "counts")

    def roster(self):
        f, w = self.f, self.f.get("witness")
        if w:
            self.signature("hub", T("YDR1/witness") + X(f["hash"]) + u(8, w["row_count"]) + X(w["root"]), w["signature"])
            need(w["root"] == f["header"]["root"] and w["row_count"] == f["header"]["row_count"], "MISMATCH at the hub")
        before = self.frames.get(f.get("previous") or "", {}).get("rows")
        if before is not None and f.get("rows") is not None:
            keys, old = {r[0] for r in f["rows"]}, {r[0] for r in before}
            removed = f.get("removed") or []
            explained = {r["key"] for r in removed if r["reason"] and r["author"]}
            for key in sorted(old - keys):
                need(key in explained, "removed without account: " + key)
            for r in removed:
                need(r["key"] not in keys and r["key"] in old, "removal unfounded: " + r["key"])

    def parameters(self):
        need(self.entry is not None and X(self.entry["parameters"]) == params_hash(self.p), "parameters")

    def caps(self):
        if self.kind != "OBJ":
            return
        counts = self.f.get("counts")
        if counts is None or self.p["mode"] != 1:
            return
        eligible = sum(c["eligible"] for c in counts)
        caps = [i["cap_bp"] for i in self.r["items"] if i["code"] in (self.p.get("items") or [])
                and i["class"] == "GENERAL" and i.get("cap_bp") is not None]
        need(not caps or self.p["total_cap"] <= -(-eligible * min(caps) // 10000), "above the cap")
        by = {c["stratum"]: c["eligible"] for c in counts}
        planned = sum(by.get(s["stratum"], 0) * s["ratio_bp"] for s in self.p["strata"])
        need(eligible == 0 or planned < eligible * 5000, "batches are needed")

    def commit(self):
        need(X(self.c["hash"]) == commit_hash(self.c), "commit")
        for side in ("county_anchor", "hub_anchor"):
            need(X(self.c[side]) == self.anchor(side), side)

    def signatures(self):
        message = T("YDR1/csign") + X(self.c["hash"]) + u(1, self.c["public_source"]) + S(self.c["public_reference"])
        self.signature("operator", message, self.c["operator_signature"])
        self.signature("supervisor", message, self.c["supervisor_signature"])
        need(self.keys["operator"] != self.keys["supervisor"], "one signer")

    def acknowledgement(self):
        a, k = self.d.get("acknowledgement"), self.c["value_index"]
        if a is None:
            need((self.d.get("reveal") or {}).get("grade") not in ("2", "3"), "no acknowledgement")
            return
        self.signature("hub", T("YDR1/ack") + X(self.c["hash"]) + u(4, k) + X(a["value"]) + u(8, a["at_ms"]), a["signature"])
        self.anchored("hub_anchor", k, X(a["value"]))

    def seed(self):
        v, a, source = self.d.get("reveal"), self.d.get("acknowledgement"), self.c["public_source"]
        if v is None:
            return
        self.anchored("county_anchor", self.c["value_index"], X(v["county"]))
        value, reference = X(v["public_value"]), self.c["public_reference"]
        if source == 0:
            need(value == b"" and reference == "", "public value")
        elif source in (1, 2):
            need(len(value) == 32 * source and reference != "", "public value")
        else:
            m = re.fullmatch(r"双色球([0-9]{7}):((?:[0-9]{2},){5}[0-9]{2})\+([0-9]{2})", value.decode())
            need(m and m[1] == reference, "public value")
            red = [int(n) for n in m[2].split(",")]
            need(red == sorted(set(red)) and 1 <= red[0] and red[-1] <= 33 and 1 <= int(m[3]) <= 16, "public value")
        lodged = self.c.get("lodged_with") is not None
        grade = ("3" if source else "2") if a else "1+" if source and lodged else "1"
        need(v["grade"] == grade, "grade is " + grade)
        y = X(a["value"]) if a else bytes(32)
        need(X(v["seed"]) == H(T("YDR1/seed") + X(self.c["hash"]) + X(v["county"]) + y + u(1, source) + LP(value)), "seed")

    def quotas(self):
        if self.secret or self.ins and self.d["strata"] == self.p["strata"] == []:
            return
        strata = self.d["strata"]
        need([s["stratum"] for s in strata] == [s["stratum"] for s in self.p["strata"]], "strata")
        if self.f.get("counts") is not None:
            by = {c["stratum"]: c["eligible"] for c in self.f["counts"]}
            need(all(by.get(s["stratum"], 0) == s["eligible"] for s in strata), "eligible")
        for s, n in zip(strata, quotas(self.p, [s["eligible"] for s in strata])):
            need(s["count"] == n == len(s["selected"]), "quota of " + s["stratum"])

    def redone(self):
        v, rows = self.d.get("reveal"), self.f.get("rows")
        return (None, None) if v is None or rows is None or self.ins else draw(rows, self.p, X(v["seed"]))

    def compare(self, names):
        strata, _ = self.redone()
        for stated, computed in zip(self.d["strata"], strata or []):
            for name in names:
                need(stated.get(name) == computed.get(name), name + " of " + stated["stratum"])

    def ranking(self): self.compare(["threshold_u", "threshold_weight", "certain", "reserves"])
    def selection(self): self.compare(["selected"])

    def batches(self):
        if self.secret and self.d["batches"] == []:
            return
        strata, batches = self.redone()
        need(self.p.get("batch_count") is not None or self.d["batches"] == [], "batches")
        need(strata is None or self.d["batches"] == batches, "batches")

    def result(self):
        v = self.d.get("reveal")
        if v is not None:
            need(X(self.d["result"]) == result_hash(X(self.entry["frame"]), X(self.entry["parameters"]), X(v["seed"]),
                                                    self.d["strata"]), "result")

    def inspectors(self, hash_):
        f = self.frames.get(hash_)
        need(f is not None and X(f["hash"]) == header_hash(f["header"]), "frame of inspectors")
        rows = f.get("inspectors")
        if rows is not None:
            rows = sorted(rows, key=lambda r: by_bytes(r["id"]))
            need(f["header"]["kind"] == "INS" and f["header"]["row_count"] == len(rows), "row count")
            need(root([H(b"\0" + inspector_bytes(r)) for r in rows]) == X(f["header"]["root"]), "root of inspectors")
        return rows

    def shares(self):
        d, share, bound = self.d, self.d.get("share"), (self.p.get("matching") or {}).get("object_result")
        if share is not None or bound is not None or self.ins:
            need(share is not None and share["unit"] == self.r["unit"] and share["task"] == self.p["task"], "share")
            need(bound is not None and X(bound) == H(share_bytes(share)), "the share is not the committed one")
            need(len(set(share["objects"])) == len(share["objects"]), "an object twice")
            key = self.initiators.get(share["initiator"])
            need(key is not None and signed(key, share_bytes(share), X(share["signature"])), "signature of the initiator")
            return
        shares = d.get("shares")
        if self.p.get("units") is None:
            need(not shares, "shares of a draw of one unit")
            return
        if d.get("reveal") is None or d.get("void") is not None and shares is None:
            return
        by_unit, total = {s["unit"]: s for s in shares or []}, 0
        need(len(by_unit) == len(shares or []), "a unit twice")
        for x in self.f["units"]:
            stated = by_unit.pop(x["unit"], None)
            own = set(x["keys"]) if x.get("keys") is not None else set(stated["objects"] if stated else [])
            owed = [k for k in drawn_objects(d) if k in own]
            total += len(owed)
            if not owed:
                need(stated is None, "share of " + x["unit"])
                continue
            need(stated is not None and stated["objects"] == owed, "share of " + x["unit"])
            same = dict(initiator=self.r["unit"], commit=self.c["hash"], task=self.p["task"],
                        sequence=self.p["sequence"], result=d["result"], unit=x["unit"])
            need(all(stated[n] == same[n] for n in same), "share of " + x["unit"])
            self.signature("county", share_bytes(stated), stated["signature"])
        need(not by_unit and total == len(drawn_objects(d)), "shares")

    def matching(self):
        m, rules = self.d.get("matching"), self.p.get("matching")
        if m is None:
            pool = self.entry and (self.entry["frame"] if self.ins else self.entry.get("inspector_frame"))
            need(pool is None or self.d.get("reveal") is None, "no matching of the committed pool")
            return
        need(rules is not None and self.entry.get("frame" if self.ins else "inspector_frame") == m["frame"], "not committed")
        need(X(rules["avoidance_hash"]) == avoidance_hash(m["avoidance"]), "avoidance")
        v, pool = self.d.get("reveal"), self.inspectors(m["frame"])
        neighbours = self.inspectors(rules["neighbour_frame"]) if rules.get("neighbour_frame") else None
        if v is None or pool is None or rules.get("neighbour_frame") and neighbours is None:
            return
        objects = [k for s in self.d["strata"] for k in s["selected"]]
        if self.d.get("share") is not None:
            objects = self.d["share"]["objects"]
        teams, hash_ = match(objects, pool, X(m["frame"]), rules, m["avoidance"], X(v["seed"]), neighbours)
        ids = {r["id"] for r in pool + (neighbours or [])}
        need(len(teams) == len(m["teams"]), "teams")
        for stated, computed in zip(m["teams"], teams):
            need(all(stated.get(n) == computed[n] for n in computed), "team of " + stated["object"])
            need(not ids & set(stated["experts"]), "experts are no inspectors")
            if stated["appointed"]:
                need(computed["state"] and stated.get("reason") and stated.get("approver")
                     and not set(stated["appointed"]) & set(computed["members"] + computed["neighbours"]), "appointment")
        need(X(m["result"]) == hash_, "result of the match")

    def chain(self):
        tasks = {}
        for d in self.r["draws"]:
            tasks.setdefault(d["parameters"]["task"], []).append(d)
        for task, draws in sorted(tasks.items()):
            draws.sort(key=lambda d: d["parameters"]["sequence"])
            for i, d in enumerate(draws):
                need(d["parameters"]["sequence"] == i + 1, "sequence of task " + task)
                void = d.get("void")
                need(void or i + 1 == len(draws), "redrawn without void")
                if void:
                    self.signature("superior", T("YDR1/void") + X(d["commit"]["hash"]) + X(task) + u(4, i + 1)
                                   + S(void["reason"]) + u(8, void["at_ms"]), void["signature"])
        commits = {}
        for d in self.r["draws"]:
            k = d["commit"]["value_index"]
            need(commits.setdefault(k, d["commit"]["hash"]) == d["commit"]["hash"], "value %d taken twice" % k)
        if self.r["complete"]:
            need(sorted(commits) == list(range(len(commits))), "a value was passed over")


def main(arguments):
    bad = False
    if arguments[:1] == ["--vectors"] and len(arguments) == 2:
        names = sorted(n for n in os.listdir(arguments[1]) if n.endswith(".json"))
        for name in names:
            with open(os.path.join(arguments[1], name), encoding="utf-8") as file:
                case = json.load(file)
            failed = Record(case["record"]).check()
            first = min((f[0] for f in failed), key=STEPS.index, default=None)
            as_expected = first == case.get("failing_step")
            bad |= not as_expected
            print("%s %s: %s" % ("ok  " if as_expected else "BAD ", name, failed or "sound"))
        return int(bad or not names)
    if not arguments or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 64
    for path in arguments:
        with open(path, encoding="utf-8") as file:
            record = json.load(file)
        failed = Record(record.get("record", record)).check()
        bad |= bool(failed)
        for step, text in failed:
            print("%s: %s: %s" % (path, step, text))
        if not failed:
            print("%s: sound" % path)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
