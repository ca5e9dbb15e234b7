using System.Security.Cryptography;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Secrets;
using PasswordSync.Core.Settings;
using PasswordSync.Ldap;
using PasswordSync.Providers.Probing;
using PasswordSync.Providers.Redaction;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.Directories;

/// <summary>A provider's connection to its directory, bound as the service's account, and sign-ins as others beside it. Thread-safe.</summary>
/// <param name="options">The directory, and the service's account.</param>
/// <param name="secrets">Gives its password.</param>
/// <param name="time">The clock.</param>
/// <param name="ofAccount">Shared with other sessions that bind as the same account: a refusal of its password in one holds all of them back. Null if there are none.</param>
internal sealed class DirectorySession(DirectoryOptions options, ISecretReferences secrets, TimeProvider time, CredentialPause? ofAccount) : IAsyncDisposable
{
    private readonly CredentialPause own = new(time);
    private readonly SemaphoreSlim preparing = new(1, 1);
    private LdapClient? client;
    private LdapOptions? connectionOptions;

    /// <summary>Whether there is a connection, so that no bind is needed now.</summary>
    public bool IsConnected => client?.Usable is not null;

    /// <summary>The connection, which stays the session's, or why there is none.</summary>
    /// <param name="evenIfRefused">Whether to bind although the last bind was refused just now.</param>
    /// <param name="cancellationToken">The caller's token.</param>
    public async Task<(LdapConnection? Connection, DeliveryOutcome? Obstacle)> ConnectAsync(bool evenIfRefused, CancellationToken cancellationToken)
    {
        var (connection, obstacle, _) = await TryConnectAsync(evenIfRefused, cancellationToken);
        return (connection, obstacle);
    }

    /// <summary>As <see cref="ConnectAsync"/>, with the kind of failure; null if it was none of LDAP.</summary>
    public async Task<(LdapConnection? Connection, DeliveryOutcome? Obstacle, LdapErrorKind? Kind)> TryConnectAsync(bool evenIfRefused, CancellationToken cancellationToken)
    {
        if (client?.Usable is { } usable) return (usable, null, null);
        if (!evenIfRefused && (own.Outcome ?? ofAccount?.Outcome) is { } pausing) return (null, pausing, null);
        try
        {
            var connection = await (await PrepareAsync(cancellationToken)).GetConnectionAsync(cancellationToken);
            own.End();
            ofAccount?.End();
            return (connection, null, null);
        }
        catch (SettingUnusableException e)
        {
            return (null, new DeliveryOutcome.TargetMisconfigured(e.Message), null);
        }
        catch (LdapException e)
        {
            var outcome = DirectoryFailures.OfConnecting(e);
            if (e.RefusesCredential) ofAccount?.Begin(outcome);
            if (e.RefusesCredential || e.Kind == LdapErrorKind.NegotiationFailed) own.Begin(outcome);
            return (null, outcome, e.Kind);
        }
    }

    /// <summary>Signs in once as somebody else, over a connection of its own to the same server.</summary>
    /// <param name="beside">A connection to the server that is to be asked.</param>
    /// <param name="name">Who.</param>
    /// <param name="password">Well-formed text, not empty.</param>
    /// <param name="judge">What a refusal with code 49 means, which servers say in their own ways.</param>
    /// <param name="cancellationToken">The caller's token.</param>
    public async Task<SignInResult> SignInAsync(
        LdapConnection beside, string name, Secret password, Func<LdapResult, SignInResult> judge, CancellationToken cancellationToken)
    {
        if (options.Security == DirectorySecurity.Kerberos) return new SignInResult.Unclear("Passwords are not tried over Kerberos: it would need them as text that cannot be wiped.");
        if (password.IsEmpty || !password.IsWellFormed) return new SignInResult.Unclear("A simple bind cannot carry this password.");
        try
        {
            using var credential = password.WithUtf8(utf8 => new SimpleCredential(name, utf8.Span));
            await using var connection = await LdapConnection.ConnectAsync(beside.Server, credential, connectionOptions!, time, cancellationToken);
            return new SignInResult.Accepted();
        }
        catch (LdapException e) when (e is { Kind: LdapErrorKind.Result, Result.Code: LdapResultCode.InvalidCredentials })
        {
            return judge(e.Result);
        }
        catch (LdapException e)
        {
            return new SignInResult.Unclear(Redactor.Redact(e.Message, password));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (client is not null) await client.DisposeAsync();
        preparing.Dispose();
    }

    /// <summary>Reads the roots at first use, so that a missing file is an outcome of a delivery and not of the start.</summary>
    private async ValueTask<LdapClient> PrepareAsync(CancellationToken cancellationToken)
    {
        if (client is { } ready) return ready;
        await preparing.WaitAsync(cancellationToken);
        try
        {
            if (client is { } made) return made;
            connectionOptions = new LdapOptions
            {
                Security = options.LdapSecurity,
                Trust = await ReadTrustAsync(cancellationToken),
                ExpectedName = options.CertificateName,
                ConnectTimeout = options.ConnectTimeout,
                RequestTimeout = options.RequestTimeout,
            };
            return client = new LdapClient(new LdapClientOptions { Servers = options.Servers, FindServers = FindServers(), Connection = connectionOptions }, GetCredentialAsync, time);
        }
        finally
        {
            preparing.Release();
        }
    }

    private Func<CancellationToken, Task<IReadOnlyList<LdapServer>>>? FindServers() =>
        options.Domain is { } domain ? new DomainControllerLocator(domain, time).FindAsync : null;

    private async Task<LdapTrust> ReadTrustAsync(CancellationToken cancellationToken)
    {
        if (options.TrustedRoots.IsEmpty) return LdapTrust.SystemStore;
        try
        {
            return await LdapTrust.FromPemFilesAsync(options.TrustedRoots, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new SettingUnusableException($"The trusted roots (trustedRoots) cannot be read: {e.Message}");
        }
    }

    private async ValueTask<LdapCredential> GetCredentialAsync(CancellationToken cancellationToken)
    {
        if (options.BindName is null) return NegotiateCredential.Default;
        if (options.Keytab is { } keytab) return NegotiateCredential.FromKeytab(options.BindName, options.Realm!, SecretReference.FileOf(keytab)!);
        switch (await secrets.ResolveAsync(options.BindPassword!, cancellationToken))
        {
            case SecretResolution.Resolved { Secret: { IsEmpty: false, IsWellFormed: true } password }:
                using (password)
                {
                    return options.Security == DirectorySecurity.Kerberos
                        ? NegotiateCredential.FromPassword(options.BindName, password.Reveal().ToString(), options.Realm!)
                        : password.WithUtf8(utf8 => new SimpleCredential(options.BindName, utf8.Span));
                }

            case SecretResolution.Resolved resolved:
                resolved.Secret.Dispose();
                throw new SettingUnusableException("The password of the bind account (bindPassword) is empty or not well-formed text.");
            case SecretResolution.Refused refusal:
                throw new SettingUnusableException($"The password of the bind account (bindPassword) cannot be had. {refusal.Reason}");
            case var unknown:
                throw new InvalidOperationException($"Internal error: unknown resolution {unknown.GetType().Name}.");
        }
    }

    /// <summary>A setting that was well-formed leads to nothing usable. Carries the reason out of the LDAP client's callback.</summary>
    private sealed class SettingUnusableException(string message) : Exception(message);
}
