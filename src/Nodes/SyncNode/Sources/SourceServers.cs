using PasswordSync.Ldap;

namespace PasswordSync.SyncNode.Sources;

/// <summary>How the servers of a source are reached.</summary>
/// <param name="Servers">In the order in which they are asked.</param>
/// <param name="Options">Protection and trust.</param>
public sealed record SourceServers(IReadOnlyList<LdapServer> Servers, LdapOptions Options)
{
    /// <summary>Makes the credential of an account that may read the metadata of others; the caller disposes it. Null where none is configured.</summary>
    public Func<CancellationToken, ValueTask<LdapCredential>>? Reader { get; init; }

    /// <summary>How long after a change the source may take the former password in a sign-in. Default 60 minutes, as Samba does.</summary>
    public TimeSpan OldPasswordPeriod { get; init; } = TimeSpan.FromMinutes(60);
}
