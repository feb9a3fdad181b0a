"""Numbers, names and change sets in bytes, both ways: 1-Terms, 2-Clocks, 3-ChangeSets §1-6."""
import hashlib

MASK = (1 << 64) - 1
CHANNELS = ["both", "up", "down"]
KINDS = ["insert", "update", "delete"]


class Fault(Exception):
    """A fault of 9-Limits §11 by its name."""


def need(condition, fault):
    if not condition:
        raise Fault(fault)


def sha(data):
    return hashlib.sha256(data).digest()


def be(number, width):
    return number.to_bytes(width, "big")


# --- 1-Terms §3: numbers ------------------------------------------------------------------------------

def signed(word):
    return word - (1 << 64) if word >> 63 else word


def zigzag(number):
    return ((number << 1) ^ (number >> 63)) & MASK


def unzigzag(word):
    return signed((word >> 1) ^ (MASK if word & 1 else 0))


def varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def counted(data):
    return varint(len(data)) + data


def text(string):
    return counted(string.encode())


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def left(self):
        return len(self.data) - self.at

    def raw(self, count):
        need(count <= self.left(), "truncated")
        self.at += count
        return self.data[self.at - count:self.at]

    def byte(self):
        return self.raw(1)[0]

    def varint(self, limit=None):
        value = shift = 0
        while True:
            byte = self.byte()
            need(shift < 63 or byte <= 1, "malformed")
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                need(byte > 0 or shift == 0, "nonCanonical")
                break
            shift += 7
        need(limit is None or value <= limit, "limitExceeded")
        return value

    def count(self, limit, each=0):
        value = self.varint(limit)
        need(value * each <= self.left(), "truncated")
        return value

    def zigzag(self):
        return unzigzag(self.varint())

    def big(self, width):
        return int.from_bytes(self.raw(width), "big")

    def text(self, limit):
        data = self.raw(self.varint(limit))
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise Fault("malformed") from None

    def end(self):
        need(self.left() == 0, "malformed")


# --- 1-Terms §4, 2-Clocks §3: names -------------------------------------------------------------------
# A replica is (division, terminal, epoch), a stream (scope, channel), a dot of a stream (replica, number).

def replica_of(string):
    node, epoch = string.split("-")
    division, _, terminal = node.partition(".")
    return int(division), int(terminal or 0), int(epoch)


def replica_text(replica):
    division, terminal, epoch = replica
    return f"{division}{'.%d' % terminal if terminal else ''}-{epoch}"


def packed(replica):
    return replica[0] << 44 | replica[1] << 32 | replica[2]


def stream_of(string):
    scope, channel = string.split("/")
    return int(scope), CHANNELS.index(channel)


def stream_text(stream):
    return f"{stream[0]}/{CHANNELS[stream[1]]}"


def stream_number(stream):
    return stream[0] * 4 + stream[1]


def stream_checked(number):
    need(1 <= number >> 2 <= 999_999 and number & 3 < 3, "malformed")
    return number >> 2, number & 3


def dot_of(string):
    """A dot of a stream: `530102-1:7`."""
    replica, number = string.rsplit(":", 1)
    return replica_of(replica), int(number)


def dot_text(dot):
    return f"{replica_text(dot[0])}:{dot[1]}"


def full_dot_of(string):
    stream, rest = string.split(":", 1)
    return (stream_of(stream), *dot_of(rest))


def full_dot_text(dot):
    return f"{stream_text(dot[0])}:{dot_text(dot[1:])}"


def put_replica(replica):
    return b"".join(varint(part) for part in replica)


def put_near(replica, scope):
    far = replica[0] != scope
    return (varint(replica[1] * 2 + far) + (varint(replica[0]) if far else b"")
            + varint(replica[2]))


def put_dot(dot):
    stream, replica, number = dot
    return be(stream_number(stream), 3) + put_near(replica, stream[0]) + varint(number)


def put_vector(entries):
    out, last = varint(len(entries)), 0
    for replica, number in entries:
        out += varint(replica[0] - last) + b"".join(map(varint, (*replica[1:], number)))
        last = replica[0]
    return out


def get_replica(reader, division, terminal):
    epoch = reader.varint()
    need(1 <= division <= 999_999 and terminal <= 4_095 and 1 <= epoch < 1 << 32, "malformed")
    return division, terminal, epoch


def get_far(reader):
    division = reader.varint()
    return get_replica(reader, division, reader.varint())


def get_near(reader, scope):
    mark = reader.varint()
    division = reader.varint() if mark & 1 else scope
    need(not mark & 1 or division != scope, "nonCanonical")
    return get_replica(reader, division, mark >> 1)


def get_number(reader):
    number = reader.varint()
    need(number > 0, "malformed")
    return number


def get_stream(reader):
    return stream_checked(reader.big(3))


def get_dot(reader):
    stream = get_stream(reader)
    replica = get_near(reader, stream[0])
    return stream, replica, get_number(reader)


def get_vector(reader):
    count, entries, division = reader.count(4_096, 4), [], 0
    for _ in range(count):
        division += reader.varint(999_999)
        replica = get_replica(reader, division, reader.varint())
        entries.append((replica, get_number(reader)))
    need(all(a[0] < b[0] for a, b in zip(entries, entries[1:])), "nonCanonical")
    return entries


def stamp(milliseconds, counter):
    return f"{milliseconds}" + (f"+{counter}" if counter else "")


def stamp_of(string):
    milliseconds, _, counter = string.partition("+")
    return int(milliseconds), int(counter or 0)


def put_stamp(string):
    milliseconds, counter = stamp_of(string)
    return be(milliseconds, 6) + varint(counter)


def get_stamp(reader):
    milliseconds = reader.big(6)
    return stamp(milliseconds, reader.varint(65_535))


# --- 3-ChangeSets §2: header --------------------------------------------------------------------------

def put_header(fields):
    stream = stream_of(fields["stream"])
    milliseconds, counter = stamp_of(fields["timestamp"])
    flags = (1 | 8 * bool(fields["context"]) | 16 * bool(fields["parts"])
             | 32 * bool(fields["author"]) | 64 * bool(fields["reason"]) | 128 * bool(counter))
    out = bytes([flags]) + be(stream_number(stream), 3)
    out += put_near(replica_of(fields["replica"]), stream[0]) + varint(int(fields["number"]))
    out += be(milliseconds, 6) + (varint(counter) if counter else b"")
    out += varint(fields["schema_version"])
    if fields["context"]:
        out += put_vector([dot_of(entry) for entry in fields["context"]])
    if fields["parts"]:
        out, last = out + varint(len(fields["parts"])), 0
        for part in fields["parts"]:
            name, number = part.rsplit(":", 1)
            place = stream_number(stream_of(name))
            out, last = out + varint(place - last) + varint(int(number)), place
    for name in ("author", "reason"):
        out += text(fields[name]) if fields[name] else b""
    return out


def get_header(reader):
    flags = reader.byte()
    need(flags & 7 == 1, "unknownCode")
    stream = get_stream(reader)
    replica = get_near(reader, stream[0])
    number = get_number(reader)
    milliseconds, counter = reader.big(6), 0
    if flags & 128:
        counter = reader.varint(65_535)
        need(counter > 0, "nonCanonical")
    fields = {"stream": stream_text(stream), "replica": replica_text(replica),
              "number": str(number), "timestamp": stamp(milliseconds, counter),
              "schema_version": reader.varint((1 << 32) - 1), "context": [], "parts": [],
              "author": "", "reason": ""}
    if flags & 8:
        vector = get_vector(reader)
        need(vector, "nonCanonical")
        need(all(entry[0] != replica for entry in vector), "malformed")
        fields["context"] = [dot_text(entry) for entry in vector]
    if flags & 16:
        count, place = reader.count(512, 2), 0
        need(count >= 2, "nonCanonical")
        for index in range(count):
            step = reader.varint((1 << 32) - 1)
            need(index == 0 or step > 0, "nonCanonical")
            place += step
            part = stream_text(stream_checked(place))
            fields["parts"].append(f"{part}:{get_number(reader)}")
        need(f"{fields['stream']}:{number}" in fields["parts"], "malformed")
    for bit, name, limit in ((32, "author", 256), (64, "reason", 1_024)):
        if flags & bit:
            fields[name] = reader.text(limit)
            need(fields[name], "nonCanonical")
    return fields


# --- 3-ChangeSets §5: columns -------------------------------------------------------------------------
# A value is None, an int, ("real", bits), ("text", bytes), ("blob", bytes).

ALPHABET = b"0123456789ABCDEFGHJKLMNPQRTUWXY"
OUTER = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
INNER = [3, 7, 9, 10, 5, 8, 4, 2]
SERIES = 21 * 31 ** 7 + 10 * 31 ** 6


def code_checks(first):
    """The last two characters of a credit code from its first sixteen."""
    total = sum(int(chr(c), 36) * w for c, w in zip(first[8:], INNER))
    inner = 11 - total % 11
    check = b"0" if inner == 11 else b"X" if inner == 10 else b"%d" % inner
    total = sum(ALPHABET.index(c) * w for c, w in zip(first + check, OUTER))
    return check + ALPHABET[(31 - total % 31) % 31:][:1]


def code_numbers(data, scope):
    """Head and serial of a credit code; None for other texts."""
    if len(data) != 18 or any(c not in ALPHABET for c in data) or not data[2:8].isdigit():
        return None
    if code_checks(data[:16]) != data[16:]:
        return None
    head = ALPHABET.index(data[0]) * 31 + ALPHABET.index(data[1])
    serial = 0
    for character in data[8:16]:
        serial = serial * 31 + ALPHABET.index(character)
    return head + 961 * zigzag(int(data[2:8]) - scope), serial - SERIES


def code_text(head, serial, scope):
    need(head >= 0, "malformed")
    kind, region, rest = head % 961, unzigzag(head // 961) + scope, serial + SERIES
    need(0 <= region <= 999_999 and 0 <= rest < 31 ** 8, "malformed")
    tail = bytearray()
    for _ in range(8):
        rest, digit = divmod(rest, 31)
        tail.insert(0, ALPHABET[digit])
    first = bytes([ALPHABET[kind // 31], ALPHABET[kind % 31]]) + b"%06d" % region + bytes(tail)
    return first + code_checks(first)


def class_of(value, scope):
    if value is None:
        return 0
    if isinstance(value, int):
        return 1
    kind, data = value
    if kind == "real":
        return 2
    if kind == "blob":
        return 4
    if code_numbers(data, scope):
        return 6
    if 1 <= len(data) <= 18 and data.isdigit() and (data == b"0" or data[:1] != b"0"):
        return 5
    return 3


def gcd(a, b):
    while b:
        a, b = b, a % b
    return a


def integers(values, reference=0):
    """(mode, bytes behind the mode, cost, timed) of §5.1."""
    base = min(values) if values else 0
    own, timed = zigzag(base), zigzag(signed((base - reference) & MASK))
    is_timed = timed.bit_length() < own.bit_length()
    start = varint(timed if is_timed else own)
    cost = min(own.bit_length(), timed.bit_length())
    if not values or max(values) == base:
        return 0, start, cost, is_timed
    step = 0
    for value in values:
        step = gcd(value - base, step)
    ks = [(value - base) // step for value in values]
    deltas = [zigzag(signed((k - last) & MASK)) for k, last in zip(ks, [0] + ks)]
    plain, delta = (sum(k.bit_length() for k in list_) for list_ in (ks, deltas))
    written = deltas if delta < plain else ks
    width = (max(k.bit_length() for k in written) + 7) // 8
    planes = b"".join(bytes(k >> 8 * place & 255 for k in written) for place in range(width))
    mode = width + (8 if delta < plain else 0)
    return mode, start + varint(step) + planes, cost + min(plain, delta), is_timed


def moded(values):
    mode, data, _, _ = integers(values)
    return bytes([mode]) + data


def get_integers(reader, mode, count, reference=0):
    width = mode - 8 if mode > 8 else mode
    base = reader.zigzag() + reference
    if width == 0:
        return [signed(base & MASK)] * count
    step, planes, last, values = reader.varint(), reader.raw(count * width), 0, []
    for index in range(count):
        k = sum(planes[index + count * place] << 8 * place for place in range(width))
        if mode > 8:
            k = last = (last + unzigzag(k)) & MASK
        values.append(signed((base + k * step) & MASK))
    return values


def get_moded(reader, count):
    mode = reader.byte()
    need(mode <= 16, "unknownCode")
    return get_integers(reader, mode, count)


def characters(values):
    """The bytes of mode 3; None when they cannot be written so."""
    numbers, tokens = {}, bytearray()
    for value in values:
        try:
            decoded = value.decode()
        except UnicodeDecodeError:
            return None
        for character in decoded:
            if character > "\uffff" or len(numbers) == 8_415 and character not in numbers:
                return None
            number = numbers.setdefault(character, len(numbers) + 1)
            if number < 224:
                tokens.append(number)
            else:
                tokens += bytes([224 + (number - 224) // 256, (number - 224) % 256])
        tokens.append(0)
    return varint(len(numbers)) + "".join(numbers).encode() + counted(bytes(tokens))


def shared(a, b):
    count = 0
    while count < min(len(a), len(b)) and a[count] == b[count]:
        count += 1
    return count


def put_texts(values, is_text, first_key):
    """Tag and bytes of §5.2."""
    plain = moded([len(value) for value in values]) + b"".join(values)
    start = 1 if is_text else 6
    if all(value == values[0] for value in values):
        if is_text and len(values[0]) < 64:
            return bytes([128 + len(values[0])]) + values[0]
        return bytes([start]) + counted(values[0])
    if first_key:
        common = [shared(a, b) for a, b in zip([b""] + values, values)]
        rests = [value[count:] for value, count in zip(values, common)]
        return (bytes([start + 4]) + moded(common) + moded([len(rest) for rest in rests])
                + b"".join(rests))
    distinct = list(dict.fromkeys(values))
    if len(values) >= 16 and len(distinct) <= min(255, len(values) // 8):
        return (bytes([start + 2]) + varint(len(distinct))
                + moded([len(value) for value in distinct]) + b"".join(distinct)
                + bytes(distinct.index(value) for value in values))
    total = sum(map(len, values))
    high = sum(byte > 127 for value in values for byte in value)
    if is_text and len(values) >= 8 and total >= 1_024 and high * 2 >= total:
        coded = characters(values)
        if coded is not None:
            return bytes([start + 3]) + coded
    return bytes([start + 1]) + plain


def put_class(code, values, header, first_key):
    scope, time = stream_of(header["stream"])[0], stamp_of(header["timestamp"])[0]
    if code == 0:
        return b"\0"
    if code == 1:
        mode, data, _, timed = integers(values, time)
        return bytes([(101 if timed else 16) + mode]) + data
    if code == 2:
        mode, data, _, _ = integers([signed(bits) for _, bits in values])
        return bytes([50 + mode]) + data
    data = [value for _, value in values]
    if code == 5:
        mode, out, _, _ = integers([int(value) for value in data])
        return bytes([67 + mode]) + out
    if code == 6:
        pairs = [code_numbers(value, scope) for value in data]
        mode, out, _, _ = integers([head for head, _ in pairs])
        return bytes([84 + mode]) + out + moded([serial for _, serial in pairs])
    return put_texts(data, code == 3, first_key)


def put_column(values, header, first_key=False, new=None):
    scope, time = stream_of(header["stream"])[0], stamp_of(header["timestamp"])[0]
    classes = [class_of(value, scope) for value in values]
    present = sorted(set(classes))
    if len(present) > 1:
        out = b"\x78" + bytes(classes)
        for code in present:
            out += put_class(code, [v for v, c in zip(values, classes) if c == code], header,
                             first_key)
        return out
    if present == [1] and new and all(isinstance(value, int) for value in new):
        differences = [signed((a - b) & MASK) for a, b in zip(values, new)]
        mode, data, cost, _ = integers(differences)
        if cost < integers(values, time)[2]:
            return bytes([33 + mode]) + data
    return put_class(present[0], values, header, first_key)


TAGS = [(0, 1, 0), (1, 6, 3), (6, 11, 4), (16, 33, 1), (33, 50, 1), (50, 67, 2), (67, 84, 5),
        (84, 101, 6), (101, 118, 1), (128, 192, 3)]
SEEN = set()


def get_texts(reader, tag, mode, count):
    if tag >= 128:
        return [reader.raw(mode)] * count
    if mode == 0:
        return [reader.raw(reader.varint(1 << 24))] * count

    def lengths(number):
        values = get_moded(reader, number)
        need(all(value >= 0 for value in values), "malformed")
        need(all(value <= 1 << 24 for value in values), "limitExceeded")
        return values

    def plain(number):
        sizes = lengths(number)
        need(sum(sizes) <= reader.left(), "truncated")
        return [reader.raw(size) for size in sizes]

    if mode == 1:
        return plain(count)
    if mode == 2:
        entries = plain(reader.count(255))
        indexes = reader.raw(count)
        need(all(index < len(entries) for index in indexes), "nonCanonical")
        return [entries[index] for index in indexes]
    if mode == 3:
        alphabet = []
        for _ in range(reader.count(8_415, 1)):
            first = reader.byte()
            size = 1 if first < 0x80 else 2 if first < 0xE0 else 3
            alphabet.append(bytes([first]) + reader.raw(size - 1))
            try:
                need(len(alphabet[-1].decode()) == 1, "malformed")
            except UnicodeDecodeError:
                raise Fault("malformed") from None
        tokens = Reader(reader.raw(reader.count(reader.left())))
        values = [b""]
        while tokens.left():
            number = tokens.byte()
            if number >= 224:
                need(tokens.left(), "nonCanonical")
                number = 224 + (number - 224) * 256 + tokens.byte()
            if number == 0:
                values.append(b"")
            else:
                need(number <= len(alphabet), "nonCanonical")
                values[-1] += alphabet[number - 1]
        need(values.pop() == b"" and len(values) == count, "nonCanonical")
        return values
    common, rest = lengths(count), lengths(count)
    need(sum(rest) <= reader.left(), "truncated")
    values, last = [], b""
    for keep, size in zip(common, rest):
        need(keep <= len(last), "malformed")
        last = last[:keep] + reader.raw(size)
        values.append(last)
    return values


def get_class(reader, tag, count, header, new):
    scope, time = stream_of(header["stream"])[0], stamp_of(header["timestamp"])[0]
    found = [(low, code) for low, high, code in TAGS if low <= tag < high]
    need(found, "unknownCode")
    low, code = found[0]
    mode = tag - low
    SEEN.add((low, mode if low in (1, 6) else 0))
    if code == 0:
        return code, [None] * count
    if low == 33:
        need(new is not None, "nonCanonical")
        need(all(isinstance(value, int) for value in new), "nonCanonical")
        numbers = get_integers(reader, mode, count)
        return code, [signed((a + b) & MASK) for a, b in zip(numbers, new)]
    if code == 1:
        return code, get_integers(reader, mode, count, time if low == 101 else 0)
    if code == 2:
        return code, [("real", n & MASK) for n in get_integers(reader, mode, count)]
    if code == 5:
        numbers = get_integers(reader, mode, count)
        need(all(0 <= number < 10 ** 18 for number in numbers), "malformed")
        return code, [("text", b"%d" % number) for number in numbers]
    if code == 6:
        heads = get_integers(reader, mode, count)
        serials = get_moded(reader, count)
        return code, [("text", code_text(h, s, scope)) for h, s in zip(heads, serials)]
    kind = "text" if code == 3 else "blob"
    return code, [(kind, value) for value in get_texts(reader, tag, mode, count)]


def get_column(reader, count, header, new=None):
    tag = reader.byte()
    if tag != 120:
        return get_class(reader, tag, count, header, new)[1]
    classes = reader.raw(count)
    need(all(code <= 6 for code in classes), "unknownCode")
    need(len(set(classes)) > 1, "nonCanonical")
    parts = {}
    for code in sorted(set(classes)):
        tag = reader.byte()
        need(any(low <= tag < high and c == code for low, high, c in TAGS), "nonCanonical")
        parts[code] = iter(get_class(reader, tag, classes.count(code), header, None)[1])
    return [next(parts[code]) for code in classes]


# --- 3-ChangeSets §3, §4, §6: body --------------------------------------------------------------------

def value_of(string):
    if string == "null":
        return None
    kind, content = string[0], string[2:]
    if kind == "i":
        return int(content)
    if kind == "r":
        return "real", int(content, 16)
    if kind == "t":
        return "text", content.encode()
    return ("text" if kind == "x" else "blob"), bytes.fromhex(content)


def value_text(value):
    if value is None:
        return "null"
    if isinstance(value, int):
        return f"i:{value}"
    kind, content = value
    if kind == "real":
        return f"r:{content:016x}"
    if kind == "blob":
        return "b:" + content.hex()
    try:
        string = content.decode()
    except UnicodeDecodeError:
        return "x:" + content.hex()
    return "t:" + string if all(c >= 32 and c != 127 for c in content) else "x:" + content.hex()


def key_order(value):
    return (1, value) if isinstance(value, int) else (3 if value[0] == "text" else 4, value[1])


def groups_of(block):
    return sorted({group for _, group in block["columns"]})


def put_lists(lists, writer, scope, table):
    dots = [dot for entry in lists for dot in entry]
    others = list(dict.fromkeys(dot[0] for dot in dots if dot[0] != writer))
    single = all(len(entry) == 1 for entry in lists)
    out = varint(len(lists) * 4 + 2 * (not others) + single)
    if not single:
        out += moded([len(entry) for entry in lists])
    if others:
        out += varint(len(others)) + b"".join(put_near(other, scope) for other in others)
        out += moded([0 if d[0] == writer else others.index(d[0]) + 1 for d in dots])
    if len(dots) == 1:
        out += varint(dots[0][1])
    elif dots:
        out += moded([signed(dot[1]) for dot in dots])
    if len(lists) > 1:
        for column in table:
            out += moded(column)
    return out


def put_block(block, header):
    scope, writer = stream_of(header["stream"])[0], replica_of(header["replica"])
    rows, columns = block["rows"], block["columns"]
    before = "before" in rows[0]
    own = all(column == group for column, group in columns)
    flags = (KINDS.index(block["kind"]) | 4 * before | 8 * own | 16 * bool(block["notes"])
             | (len(rows[0]["key"]) - 1) << 5)
    out, last = varint(block["table"]) + bytes([flags]) + varint(len(rows)), 0
    out += varint(len(columns))
    for column, group in columns:
        out += varint(column - last) + (b"" if own else varint(group))
        last = column
    values = {name: [[value_of(v) for v in row[name]] for row in rows]
              for name in ("key", "new", "before") if name in rows[0]}
    for index in range(len(rows[0]["key"])):
        out += put_column([row[index] for row in values["key"]], header, index == 0)
    for index in range(len(columns)):
        out += put_column([row[index] for row in values["new"]], header)
    if before:
        for index in range(len(columns)):
            out += put_column([row[index] for row in values["before"]], header,
                              new=[row[index] for row in values["new"]])
        used = [[tuple(dot_of(dot) for dot in dots) for dots in row["before_dots"]]
                for row in rows]
        lists = list(dict.fromkeys(entry for row in used for entry in row))
        table = [[lists.index(row[index]) for row in used] for index in range(len(used[0]))]
        out += put_lists(lists, writer, scope, table)
    if block["notes"]:
        out, last = out + varint(len(block["notes"])), 0
        for note in block["notes"]:
            over, origin = note.get("over"), note.get("origin_dot")
            out += varint(note["row"] - last) + varint(note["group"])
            out += bytes([(over is not None) + 2 * (origin is not None)])
            last = note["row"]
            if over is not None:
                out += varint(len(over))
                for replica, number in map(dot_of, over):
                    out += put_near(replica, scope) + varint(number)
            if origin is not None:
                out += put_dot(full_dot_of(origin)) + put_stamp(note["origin_timestamp"])
                out += text(note["origin_author"])
    return out


def get_lists(reader, rows, registers, writer, scope):
    mark = reader.varint((8_388_608 << 2) + 3)
    count, own, single = mark >> 2, mark & 2, mark & 1
    need(0 < count <= rows * registers, "malformed")
    sizes = [1] * count
    if not single:
        need(count <= reader.left(), "truncated")
        sizes = get_moded(reader, count)
        need(all(0 <= size <= 256 for size in sizes), "malformed")
    total = sum(sizes)
    need(total <= reader.left(), "truncated")
    others = []
    if not own:
        others = [get_near(reader, scope) for _ in range(reader.count(4_096, 2))]
        need(others, "nonCanonical")
    indexes = get_moded(reader, total) if others and total else [0] * total
    need(all(0 <= index <= len(others) for index in indexes), "nonCanonical")
    numbers = [reader.varint()] if total == 1 else get_moded(reader, total) if total else []
    need(all(number != 0 for number in numbers), "malformed")
    names = [writer] + others
    dots = [(names[index], number & MASK) for index, number in zip(indexes, numbers)]
    lists = []
    for size in sizes:
        lists.append(dots[:size])
        dots = dots[size:]
    need(all(sorted(set(entry)) == entry for entry in lists), "nonCanonical")
    table = [[0] * rows] * registers
    if count > 1:
        table = [get_moded(reader, rows) for _ in range(registers)]
        need(all(0 <= index < count for column in table for index in column), "malformed")
    return [[[dot_text(dot) for dot in lists[column[row]]] for column in table]
            for row in range(rows)]


def get_block(reader, header):
    scope, writer = stream_of(header["stream"])[0], replica_of(header["replica"])
    table, flags = reader.varint((1 << 32) - 1), reader.byte()
    need(flags & 3 < 3, "unknownCode")
    count = reader.count(1_000_000, 1)
    need(count > 0, "malformed")
    columns, column = [], 0
    for _ in range(reader.count(256, 1)):
        step = reader.varint((1 << 32) - 1)
        need(step > 0, "nonCanonical")
        column += step
        need(column < 1 << 32, "malformed")
        columns.append([column, column if flags & 8 else reader.varint((1 << 32) - 1)])
    need(all(group for _, group in columns), "malformed")
    need(all(a == b for a, b in columns) == bool(flags & 8), "nonCanonical")
    kind = KINDS[flags & 3]
    need(kind != "delete" or not columns, "malformed")
    reader.cells -= count * ((flags >> 5) + 1 + len(columns) * (2 if flags & 4 else 1))
    need(reader.cells >= 0, "limitExceeded")
    keys = [get_column(reader, count, header) for _ in range((flags >> 5) + 1)]
    news = [get_column(reader, count, header) for _ in columns]
    olds = [get_column(reader, count, header, new) for new in news] if flags & 4 else None
    for row in range(count):
        key = [column[row] for column in keys]
        need(all(v is not None and (isinstance(v, int) or v[0] != "real") for v in key),
             "malformed")
        size = sum(8 if isinstance(v, int) else len(v[1]) for v in key)
        need(size <= 1_024, "limitExceeded")
        if row:
            need([key_order(v[row - 1]) for v in keys] < [key_order(v) for v in key],
                 "nonCanonical")
    block = {"table": table, "kind": kind, "columns": columns, "notes": [], "rows": [
        {"key": [value_text(c[row]) for c in keys], "new": [value_text(c[row]) for c in news]}
        for row in range(count)]}
    groups = groups_of(block)
    if flags & 4:
        dots = get_lists(reader, count, len(groups) + 1, writer, scope)
        for row in range(count):
            block["rows"][row]["before"] = [value_text(c[row]) for c in olds]
            block["rows"][row]["before_dots"] = dots[row]
    if flags & 16:
        number, row = reader.count(count * (len(groups) + 1), 4), 0
        need(number > 0, "nonCanonical")
        for _ in range(number):
            row += reader.count(count)
            need(row < count, "malformed")
            group = reader.varint((1 << 32) - 1)
            need(group == 0 or group in groups, "malformed")
            if block["notes"]:
                last = block["notes"][-1]
                need((last["row"], last["group"]) < (row, group), "nonCanonical")
            marks, note = reader.byte(), {"row": row, "group": group}
            need(1 <= marks <= 3, "unknownCode")
            if marks & 1:
                over = []
                for _ in range(reader.count(256, 3)):
                    replica = get_near(reader, scope)
                    over.append((replica, get_number(reader)))
                need(over == sorted(set(over)), "nonCanonical")
                note["over"] = [dot_text(dot) for dot in over]
            if marks & 2:
                note["origin_dot"] = full_dot_text(get_dot(reader))
                note["origin_timestamp"] = get_stamp(reader)
                note["origin_author"] = reader.text(256)
            block["notes"].append(note)
    return block


def put_control(control, scope):
    code = control["code"]
    near = (lambda dot: put_near(dot[0], scope) + varint(dot[1]))
    if code == 1:
        content = near(dot_of(control["dot"])) + varint(control["reason"]) + text(control["detail"])
    elif code == 2:
        content = near(dot_of(control["dot"]))
    elif code == 3:
        content = put_near(replica_of(control["replica"]), scope)
    elif code == 4:
        content = put_near(replica_of(control["replica"]), scope) + varint(int(control["last"]))
    elif code == 5:
        content = near(dot_of(control["dot"])) + bytes.fromhex("".join(control["hashes"]))
    elif code == 6:
        content = put_vector([dot_of(entry) for entry in control["vector"]])
    else:
        content = bytes.fromhex(control["content"])
    return varint(code) + counted(content)


def get_control(reader, scope):
    code = reader.varint(65_535)
    inner, control = Reader(reader.raw(reader.varint(1 << 24))), {"code": code}

    def dot():
        replica = get_near(inner, scope)
        control["dot"] = dot_text((replica, get_number(inner)))
    if code == 1:
        dot()
        control["reason"] = inner.varint(65_535)
        need(control["reason"] in (1, 2, 3), "unknownCode")
        control["detail"] = inner.text(1_024)
    elif code == 2:
        dot()
    elif code in (3, 4):
        control["replica"] = replica_text(get_near(inner, scope))
        if code == 4:
            control["last"] = str(inner.varint())
    elif code == 5:
        dot()
        control["hashes"] = [inner.raw(32).hex(), inner.raw(32).hex()]
    elif code == 6:
        control["vector"] = [dot_text(entry) for entry in get_vector(inner)]
    else:
        control["content"] = inner.raw(inner.left()).hex()
    inner.end()
    return control


def put_body(body, header):
    scope = stream_of(header["stream"])[0]
    out = varint(len(body["blocks"]) * 2 + bool(body["controls"]))
    out += b"".join(put_block(block, header) for block in body["blocks"])
    if body["controls"]:
        out += varint(len(body["controls"]))
        out += b"".join(put_control(control, scope) for control in body["controls"])
    return out


def get_body(data, header):
    reader, body = Reader(data), {"blocks": [], "controls": []}
    reader.cells = min(8_388_608, 262_144 + 32 * len(data))
    mark = reader.varint(2_000_001)
    for _ in range(mark >> 1):
        body["blocks"].append(get_block(reader, header))
    order = [(b["table"], KINDS.index(b["kind"]), b["columns"]) for b in body["blocks"]]
    need(all(a < b for a, b in zip(order, order[1:])), "nonCanonical")
    widths, keys = {}, set()
    for block in body["blocks"]:
        width = len(block["rows"][0]["key"])
        need(widths.setdefault(block["table"], width) == width, "malformed")
    for block in body["blocks"]:
        for row in block["rows"]:
            key = (block["table"], *row["key"])
            need(key not in keys, "nonCanonical")
            keys.add(key)
    if mark & 1:
        count = reader.count(1_000_000, 2)
        need(count > 0, "nonCanonical")
        body["controls"] = [get_control(reader, stream_of(header["stream"])[0])
                            for _ in range(count)]
    reader.end()
    # One value, one encoding: what another choice gave is refused (§1.2).
    need(put_body(body, header) == data, "nonCanonical")
    return body
