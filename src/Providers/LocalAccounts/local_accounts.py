# Talks to the account database (MS-SAMR) of one Windows or Samba server by way of Samba's own library. Run by the provider
# "localAccounts" as: python3 -I -c (this text). Standard input: one line of JSON, the request; for "set" and "signIn" a second one
# with the password follows once "ready" was answered. Standard output: one line of JSON per answer.
import hashlib
import json
import os
import sys

PROGRAM_MISSING = 2
BUILTIN = "builtin"
NO_SUCH_USER = 0xC0000064
NO_SUCH_DOMAIN = 0xC00000DF
NONE_MAPPED = 0xC0000073
SOME_NOT_MAPPED = 0x00000107
USER_TYPE = 1
OPEN_DOMAIN = 0x00000305  # read password and other parameters, list accounts, look up
READ_USER = 0x0000001B  # read general, preferences, logon, account
SET_PASSWORD = 0x00000080
LOCKED, PASSWORD_BUFFER_SIZE, CONFOUNDER_SIZE, USER_INFO_26 = 0x00000400, 512, 16, 26


def answer(kind, **more):
    sys.stdout.write(json.dumps({"answer": kind, **more}) + "\n")
    sys.stdout.flush()


try:
    from samba import NTSTATUSError, arcfour_encrypt, credentials, param
    from samba.dcerpc import lsa, samr, security
except ImportError as missing:
    answer("missing", text=str(missing))
    sys.exit(PROGRAM_MISSING)


class Failure(Exception):
    """An expected refusal that has a status of its own."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


def connect(request, name, domain, password):
    settings = param.LoadParm()
    settings.load("/dev/null")
    settings.set("smb ports", str(request["port"]))
    settings.set("client min protocol", "SMB3" if request["encrypt"] else "SMB2")
    who = credentials.Credentials()
    who.guess(settings)
    who.set_kerberos_state(credentials.DONT_USE_KERBEROS)
    who.set_username(name)
    who.set_domain(domain)
    who.set_password(password)
    who.set_smb_signing(credentials.SMB_SIGNING_REQUIRED)
    if request["encrypt"]:
        who.set_smb_encryption(credentials.SMB_ENCRYPTION_REQUIRED)
    return samr.samr("ncacn_np:%s" % request["host"], settings, who)


class Accounts:
    """The server's own accounts, as the service sees them."""

    def __init__(self, request):
        service = request["service"]
        self.pipe = connect(request, service["name"], service["domain"], service["password"])
        server = self.pipe.Connect2(None, 0x00000030)  # look up and list domains
        names = [found.name.string for found in self.pipe.EnumDomains(server, 0, 4096)[1].entries]
        own = [name for name in names if name.lower() != BUILTIN]
        if not own:
            raise Failure(NO_SUCH_DOMAIN, "The server has no accounts of its own.")
        self.name = own[0]
        self.domain = self.pipe.OpenDomain(server, OPEN_DOMAIN, self.pipe.LookupDomain(server, lsa_string(self.name)))

    def number_of(self, name):
        try:
            numbers, types = self.pipe.LookupNames(self.domain, [lsa_string(name)])
        except NTSTATUSError as refusal:
            if refusal.args[0] & 0xFFFFFFFF in (NONE_MAPPED, SOME_NOT_MAPPED):
                raise Failure(NO_SUCH_USER, "No such account.")
            raise
        if types.ids[0] != USER_TYPE:
            raise Failure(NO_SUCH_USER, "The name belongs to no user.")
        return numbers.ids[0]

    def open(self, name, access):
        return self.pipe.OpenUser(self.domain, access, self.number_of(name))

    def policy(self):
        rules = self.pipe.QueryDomainInfo(self.domain, 1)
        lockout = self.pipe.QueryDomainInfo(self.domain, 12)
        return {
            "lengthMin": rules.min_password_length,
            "history": rules.password_history_length,
            "complex": bool(rules.password_properties & 1),
            "maxAge": rules.max_password_age,
            "lockoutThreshold": lockout.lockout_threshold,
        }

    def set(self, user, password, must_change):
        """MS-SAMR 2.2.6.22: the password at the end of random bytes, encrypted with a key that only this session knows."""
        data = password.encode("utf-16-le", "surrogatepass")
        clear = os.urandom(PASSWORD_BUFFER_SIZE - len(data)) + data + len(data).to_bytes(4, "little")
        confounder = os.urandom(CONFOUNDER_SIZE)
        key = hashlib.md5(confounder + bytes(self.pipe.session_key), usedforsecurity=False).digest()
        sealed = samr.CryptPasswordEx()
        sealed.data = list(bytes(arcfour_encrypt(key, clear)) + confounder)
        info = samr.UserInfo26()
        info.password = sealed
        info.password_expired = 1 if must_change else 0
        self.pipe.SetUserInfo2(user, USER_INFO_26, info)


def lsa_string(text):
    made = lsa.String()
    made.string = text
    return made


def next_password(**facts):
    """None if the other side went away instead: then nothing is to be done."""
    answer("ready", **facts)
    line = sys.stdin.readline()
    return json.loads(line)["password"] if line else None


def find(request):
    accounts = Accounts(request)
    user = accounts.open(request["account"], READ_USER)
    answer("found", name=accounts.pipe.QueryUserInfo(user, 7).account_name.string)


def set_password(request):
    accounts = Accounts(request)
    policy = accounts.policy()
    user = accounts.open(request["account"], SET_PASSWORD)
    password = next_password(**policy)
    if password is not None:
        accounts.set(user, password, request["mustChange"])
        answer("done")


def sign_in(request):
    accounts = Accounts(request)
    user = accounts.pipe.QueryUserInfo(accounts.open(request["account"], READ_USER), 21)
    threshold = accounts.policy()["lockoutThreshold"]
    if user.acct_flags & LOCKED:
        return answer("untried", text="The account is locked out.")
    if threshold and user.bad_password_count + 1 >= threshold:
        return answer("untried", text="A failed sign-in more could lock the account out.")
    password = next_password()
    if password is not None:
        connect(request, request["account"], accounts.name, password)
        answer("done")


def verify(request):
    accounts = Accounts(request)
    own = request["service"]["name"].lower()
    listed = accounts.pipe.EnumDomainUsers(accounts.domain, 0, samr.ACB_NORMAL, 65536)[1].entries
    others = [user.idx for user in listed if user.name.string.lower() != own]
    answer("verified", domain=accounts.name, users=len(listed), **accounts.policy())
    if others:
        accounts.pipe.OpenUser(accounts.domain, SET_PASSWORD, others[0])
        answer("done")
    else:
        answer("untried", text="The server lists no other account to try the right with.")


def main():
    request = json.loads(sys.stdin.readline())
    try:
        {"find": find, "set": set_password, "signIn": sign_in, "verify": verify}[request["operation"]](request)
    except NTSTATUSError as refusal:
        answer("failed", status=refusal.args[0] & 0xFFFFFFFF, text=str(refusal.args[1]))
    except Failure as refusal:
        answer("failed", status=refusal.status, text=str(refusal))


main()
