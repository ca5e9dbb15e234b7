using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using PasswordSync.Capture.Health;
using PasswordSync.Capture.Scope;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Intake;
using PasswordSync.Core.Stamps;
using PasswordSync.Ldap;
using PasswordSync.Ldap.ActiveDirectory;

namespace PasswordSync.Capture.Resolution;

/// <summary>Asks a Windows or Samba domain controller over LDAP. The client must be of this machine's own DC and no other.</summary>
public sealed partial class LdapSourceDirectory(LdapClient client, TimeProvider clock) : ISourceDirectory, IPasswordPolicies, IControllerRole
{
    private static readonly string[] Attributes =
    [
        "objectGUID", "objectSid", "objectClass", "sAMAccountName", "userPrincipalName", "mail", "userAccountControl", "msDS-SecondaryKrbTgtNumber", "pwdLastSet", ReplicationMetadata.AttributeName,
    ];

    /// <summary>MS-ADTS 3.1.1.3.4.3: a directory that holds secrets of some accounts only, which is a read-only DC's.</summary>
    private const string PartialSecretsCapability = "1.2.840.113556.1.4.1920";

    private volatile KnownController? known;

    public Task<AccountSearch> FindAsync(AccountQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return AskAsync<AccountSearch>(async (connection, token) =>
        {
            var controller = await IdentifyAsync(connection, token).ConfigureAwait(false);
            var startedAt = clock.GetUtcNow();
            var entry = await FindAsync(connection, controller, FilterOf(query, controller), token).ConfigureAwait(false);
            if (entry is null && query is { RelativeId: 0, Remembered: { } guid }) entry = await FindAsync(connection, controller, LdapFilter.Equal("objectGUID", guid), token).ConfigureAwait(false);
            var completedAt = clock.GetUtcNow();
            if (entry is null) return new AccountSearch.NotFound(startedAt, completedAt);
            return AccountKind.Exclude(entry) is { } reason
                ? new AccountSearch.Excluded(startedAt, completedAt, reason)
                : Read(entry, controller, query, startedAt, completedAt);
        }, cancellationToken);
    }

    public Task<ImmutableArray<string>> MatchAsync(DirectoryAccount account, ImmutableArray<ScopeRule> scopes, CancellationToken cancellationToken) =>
        AskAsync((connection, token) => ScopeMatcher.MatchAsync(connection, account, scopes, token), cancellationToken);

    /// <summary>The DC's clock, to the second: MS-ADTS 3.1.1.3.2.4, currentTime.</summary>
    /// <exception cref="DirectoryUnavailableException">The DC does not answer, or not usefully.</exception>
    public Task<DateTimeOffset> ReadClockAsync(CancellationToken cancellationToken) => AskAsync(
        async (connection, token) =>
        {
            var root = await ControllerIdentity.ReadAsync(connection, "", ["currentTime"], token).ConfigureAwait(false);
            var text = root.GetString("currentTime") ?? "";
            return DateTimeOffset.TryParseExact(text, "yyyyMMddHHmmss.0'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? time
                : throw new DirectoryUnavailableException($"The domain controller gives '{text}' as its time.", inner: null);
        },
        cancellationToken);

    public Task<bool> IsReadOnlyAsync(CancellationToken cancellationToken) => AskAsync(
        async (connection, token) =>
        {
            var root = await ControllerIdentity.ReadAsync(connection, "", ["supportedCapabilities"], token).ConfigureAwait(false);
            return root.GetStrings("supportedCapabilities").Contains(PartialSecretsCapability);
        },
        cancellationToken);

    private static AccountSearch.Found Read(LdapEntry entry, ControllerIdentity controller, AccountQuery query, DateTimeOffset startedAt, DateTimeOffset completedAt)
    {
        var names = NamesOf(entry);
        var account = new DirectoryAccount(entry.GetGuid("objectGUID") ?? throw Unusable("the account has no objectGUID"), names) { MustChangeAtNextLogon = entry.GetInt64("pwdLastSet") == 0 };
        if (entry.GetBytes(ReplicationMetadata.AttributeName) is not { } metadata) throw Unusable($"it does not show {ReplicationMetadata.AttributeName}: let the edge's account read it");
        var password = ReplicationMetadata.Find(metadata.Span, ReplicationMetadata.UnicodePwd);
        var name = ReplicationMetadata.Find(metadata.Span, ReplicationMetadata.SamAccountName);
        var isNameCertain = query.RelativeId != 0 || password is null || IsOfTheWrite(names.SamAccountName, name, query.AccountName, password.Value);
        return new AccountSearch.Found(startedAt, completedAt, account, controller.InvocationId, StampOf(password), WritingTime(entry, metadata.Span, password), isNameCertain);
    }

    private static AccountNames NamesOf(LdapEntry entry) =>
        new(entry.Dn, entry.GetString("sAMAccountName") ?? "", entry.GetString("userPrincipalName"), entry.GetString("mail")) { ObjectSid = entry.GetSid("objectSid") };

    // A node knows the generation.
    private static Stamp? StampOf(AttributeMetadata? password) => password is { } found ? new Stamp(Generation: 0, found.Version, found.OriginatingSecond, found.InvocationId) : null;

    /// <summary>Whether the hook of the write was given the name that was asked for: it is the present one, and was so before the write, or since the account was made.</summary>
    private static bool IsOfTheWrite(string present, AttributeMetadata? name, string asked, AttributeMetadata password) =>
        string.Equals(present, asked, StringComparison.OrdinalIgnoreCase)
        && name is { } named
        && (named.LocalUsn < password.LocalUsn || (named.LocalUsn == password.LocalUsn && named.Version == 1));

    // pwdLastSet tells when the password was written only if one and the same write set both (docs/spec/stamp-proof.md, A7).
    private static DateTimeOffset? WritingTime(LdapEntry entry, ReadOnlySpan<byte> metadata, AttributeMetadata? password)
    {
        if (password is not { } written || ReplicationMetadata.Find(metadata, ReplicationMetadata.PwdLastSet) is not { } lastSet) return null;
        if (lastSet.InvocationId != written.InvocationId || lastSet.OriginatingUsn != written.OriginatingUsn) return null;
        return entry.GetInt64("pwdLastSet") is { } time and > 0 and < long.MaxValue ? DateTimeOffset.FromFileTime(time).ToUniversalTime() : null;
    }

    private static LdapFilter FilterOf(AccountQuery query, ControllerIdentity controller) => query.RelativeId != 0
        ? LdapFilter.Equal("objectSid", (ReadOnlyMemory<byte>)controller.SidOf(query.RelativeId))
        : LdapFilter.Equal("sAMAccountName", query.AccountName);

    private static async Task<LdapEntry?> FindAsync(LdapConnection connection, ControllerIdentity controller, LdapFilter filter, CancellationToken cancellationToken)
    {
        // objectCategory finds inetOrgPerson too, and sAMAccountName and objectSid are unique in a domain.
        var request = new LdapSearchRequest(controller.DomainDn, LdapSearchScope.Subtree, filter, Attributes) { SizeLimit = 2 };
        var found = await connection.SearchAsync(request, cancellationToken).ConfigureAwait(false);
        return found.Entries.Count switch
        {
            0 => null,
            1 => found.Entries[0],
            _ => throw Unusable("it has several objects for one name"),
        };
    }

    /// <summary>Read once a connection: a DC that was restored gets a new invocation id, and restarts for it.</summary>
    private async Task<ControllerIdentity> IdentifyAsync(LdapConnection connection, CancellationToken cancellationToken)
    {
        if (known is { } already && already.Connection == connection) return already.Identity;
        var identity = await ControllerIdentity.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
        known = new KnownController(connection, identity);
        return identity;
    }

    private sealed record KnownController(LdapConnection Connection, ControllerIdentity Identity);

    private async Task<T> AskAsync<T>(Func<LdapConnection, CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        try
        {
            var connection = await client.GetConnectionAsync(cancellationToken).ConfigureAwait(false);
            return await ask(connection, cancellationToken).ConfigureAwait(false);
        }
        catch (LdapException failure)
        {
            throw new DirectoryUnavailableException($"The domain controller's directory cannot be asked: {failure.Message}", failure);
        }
    }

    internal static DirectoryUnavailableException Unusable(string what) => new($"The domain controller's directory answers, but {what}.", inner: null);
}

/// <summary>What a DC says of itself.</summary>
/// <param name="DomainDn">Its domain.</param>
/// <param name="DomainSid">The domain's security identifier.</param>
/// <param name="InvocationId">The invocation id of its database.</param>
internal sealed record ControllerIdentity(string DomainDn, ReadOnlyMemory<byte> DomainSid, Guid InvocationId)
{
    private static readonly LdapFilter Anything = LdapFilter.Present("objectClass");

    /// <summary>The domain's name in the DNS, which its DN spells.</summary>
    public string DnsName => string.Join('.', DomainDn.Split(',').Select(part => part[(part.IndexOf('=', StringComparison.Ordinal) + 1)..]));

    public static async Task<ControllerIdentity> ReadAsync(LdapConnection connection, CancellationToken cancellationToken)
    {
        var root = await ReadAsync(connection, "", ["defaultNamingContext", "dsServiceName"], cancellationToken).ConfigureAwait(false);
        var domainDn = root.GetString("defaultNamingContext") ?? throw LdapSourceDirectory.Unusable("it names no domain (defaultNamingContext)");
        var settingsDn = root.GetString("dsServiceName") ?? throw LdapSourceDirectory.Unusable("it does not name its settings (dsServiceName)");
        var domain = await ReadAsync(connection, domainDn, ["objectSid"], cancellationToken).ConfigureAwait(false);
        var settings = await ReadAsync(connection, settingsDn, ["invocationId"], cancellationToken).ConfigureAwait(false);
        return new ControllerIdentity(
            domainDn,
            domain.GetBytes("objectSid") ?? throw LdapSourceDirectory.Unusable("it does not show the domain's objectSid"),
            settings.GetGuid("invocationId") ?? throw LdapSourceDirectory.Unusable("it does not show its invocationId"));
    }

    /// <summary>The security identifier of an account of the domain (MS-DTYP 2.4.2.2: one sub-authority more, little-endian).</summary>
    public byte[] SidOf(uint relativeId)
    {
        var sid = new byte[DomainSid.Length + 4];
        DomainSid.Span.CopyTo(sid);
        sid[1]++;
        BinaryPrimitives.WriteUInt32LittleEndian(sid.AsSpan(DomainSid.Length), relativeId);
        return sid;
    }

    internal static async Task<LdapEntry> ReadAsync(LdapConnection connection, string dn, string[] attributes, CancellationToken cancellationToken)
    {
        var found = await connection.SearchAsync(new LdapSearchRequest(dn, LdapSearchScope.Base, Anything, attributes), cancellationToken).ConfigureAwait(false);
        return found.Entries.Count == 1 ? found.Entries[0] : throw LdapSourceDirectory.Unusable($"it does not show '{dn}'");
    }
}
