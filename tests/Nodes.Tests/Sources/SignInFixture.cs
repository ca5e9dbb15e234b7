using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;
using PasswordSync.Lab;
using PasswordSync.Ldap;
using PasswordSync.Nodes.Tests.Deliveries;
using PasswordSync.Sealing.Envelopes;
using PasswordSync.Sealing.Keys;
using PasswordSync.SyncNode.Deliveries;
using PasswordSync.SyncNode.Sources;

namespace PasswordSync.Nodes.Tests.Sources;

/// <summary>A settler over a real domain, and captures of one of its users as an edge would bring them.</summary>
internal sealed class SignInFixture(SambaDomain domain, LabUser user) : IPrivateKeySource, IDisposable
{
    private static readonly SourceId Source = new("alpha");

    // A server that is merely slow on a busy machine is not out of reach.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly PrivateSealingKey key = PrivateSealingKey.Generate();
    private readonly MemoryStores stores = new();

    public TimeSpan OldPasswordPeriod { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>Whether the source has a reading account.</summary>
    public bool HasReader { get; init; }

    public BindSettler Settler => new(stores, new EnvelopeReader(stores, this, "test"), _ => Servers(), TimeProvider.System, NullLogger<BindSettler>.Instance);

    /// <summary>Sets the user's password in the domain, as an administrator.</summary>
    public async Task SetAsync(string password, CancellationToken cancellationToken)
    {
        var result = await domain.First.ChangePasswordAsync(PasswordChangeWay.LdapReplace, user, "", password, cancellationToken);
        if (!result.Accepted) throw new InvalidOperationException(result.Diagnostics);
    }

    /// <summary>Changes the user's password as the user does, who knows the present one.</summary>
    public async Task ChangeAsync(string present, string password, CancellationToken cancellationToken)
    {
        var result = await domain.First.ChangePasswordAsync(PasswordChangeWay.LdapDeleteAndAdd, user, present, password, cancellationToken);
        if (!result.Accepted) throw new InvalidOperationException(result.Diagnostics);
    }

    /// <summary>A capture with the stamp that the domain has now.</summary>
    public async Task<Candidate> CaptureAsync(string password, CancellationToken cancellationToken, uint versionsAhead = 0, TimeSpan acceptedAgo = default)
    {
        var stamp = (await domain.First.ReadPasswordStampAsync(user, cancellationToken))!;
        var account = new AccountId(Source, new Guid((await domain.First.ReadAttributeAsync(user.DistinguishedName, "objectGUID", cancellationToken))[0]));
        var (id, at) = (new CaptureId(Guid.NewGuid()), DateTimeOffset.UtcNow - acceptedAgo);
        var change = new Change(
            id, account, new Stamp(0, stamp.Version + versionsAhead, stamp.OriginatingSecond, stamp.InvocationId), new AccountNames(user.DistinguishedName, user.AccountName, null, null), new StageTimes(at, at, at, at), at.AddDays(3));
        var description = new EnvelopeDescription(id.Value, at, 0, "test", Source.Value, domain.First.FullName, user.AccountName);
        var envelope = EnvelopeSealer.Seal(description, key.PublicKey, PasswordEncoding.Utf8, Encoding.UTF8.GetBytes(password));
        stores.Envelopes[id] = envelope;
        return new Candidate(change, envelope);
    }

    public PrivateKeyLookup Find(KeyId id) => new(id == key.PublicKey.Id ? key : null, null);

    public void Dispose() => key.Dispose();

    private SourceServers Servers() => new(
        [new LdapServer(domain.First.Address.ToString(), LdapServer.DefaultTlsPort)], new LdapOptions { Trust = LdapTrust.CustomRoots([domain.Authority.Certificate]), ConnectTimeout = Patience, RequestTimeout = Patience })
    {
        OldPasswordPeriod = OldPasswordPeriod,
        Reader = HasReader
            ? _ => ValueTask.FromResult<LdapCredential>(new SimpleCredential(domain.AdministratorName, Encoding.UTF8.GetBytes(SambaDomain.AdministratorPassword)))
            : null,
    };
}
