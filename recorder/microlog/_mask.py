"""Hides what looks like a secret in a command line before it is recorded.

The value behind a name that says what it is (``--password x``, ``token=x``, ``"api_key": "x"``, ``Authorization: Bearer
x``), and the password in a URL. It knows no secret that has no such name.
"""

HIDDEN = "***"
_SECRET = {"password", "passwords", "passwd", "passphrase", "pwd", "token", "tokens", "secret", "secrets", "key", "keys",
           "apikey", "credential", "credentials", "auth", "authorization", "cookie"}
_SCHEMES = {"bearer", "basic", "token"}
_ENDS = " \t\n\"'&;,)}]"


def _is_name(character):
    return character.isalnum() or character in "_-."


def names_secret(name):
    """Is one of the words that ``name`` is made of (api_key, X-Auth-Token, dbPassword) one for a secret?"""
    spaced = "".join(f" {c}" if c.isupper() and not before.isupper() else c if c.isalnum() else " "
                     for before, c in zip(" " + name, name))
    return not _SECRET.isdisjoint(spaced.lower().split())


def _value_end(text, start):
    """Where the value that begins at ``start`` ends: the scheme of an authorization belongs to it."""
    end = start
    while end < len(text) and text[end] not in _ENDS:
        end += 1
    if text[start:end].lower() in _SCHEMES and text[end:end + 1] == " ":
        return _value_end(text, end + 1)
    return end


def _value_start(text, end_of_name):
    """Where the value of a name begins: behind = or :, with quotes and blanks around; -1 if there is none."""
    at = end_of_name
    while at < len(text) and text[at] in "\"' ":
        at += 1
    if at == len(text) or text[at] not in "=:" or text[at:at + 3] == "://":
        return -1
    at += 1
    while at < len(text) and text[at] in "\"' ":
        at += 1
    return at


def mask_text(text):
    """The text with the values of secret names hidden."""
    parts, done, at = [], 0, 0
    while at < len(text):
        if not _is_name(text[at]):
            at += 1
            continue
        end = at
        while end < len(text) and _is_name(text[end]):
            end += 1
        start = _value_start(text, end) if names_secret(text[at:end]) else -1
        at = end
        if start >= 0 and _value_end(text, start) > start:
            at = _value_end(text, start)
            parts += [text[done:start], HIDDEN]
            done = at
    return _mask_url("".join(parts) + text[done:])


def _mask_url(text):
    """scheme://user:password@host, without the password."""
    head, scheme, rest = text.partition("://")
    if not scheme:
        return text
    end = min((at for at in map(rest.find, "/?# \"'") if at >= 0), default=len(rest))
    user, at_sign, host = rest[:end].rpartition("@")
    name, colon, _ = user.partition(":")
    if at_sign and colon:
        user = f"{name}:{HIDDEN}"
    return head + scheme + user + at_sign + host + _mask_url(rest[end:])


def mask_arguments(words):
    """A command line with everything hidden that looks like a secret."""
    masked, hide = [], False
    for word in words:
        masked.append(HIDDEN if hide and not word.startswith("-") else mask_text(word))
        hide = word.startswith("-") and "=" not in word and names_secret(word)
    return masked
