using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Npgsql;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Limits;
using PasswordSync.Providers.Settings;

namespace PasswordSync.Providers.PostgreSql;

/// <summary>The service's own credentials cannot be read.</summary>
/// <param name="message">Why, for people.</param>
internal sealed class CredentialUnreadableException(string message) : Exception(message);

/// <summary>Connections to the server: pooled ones of the service, and single ones that try a password.</summary>
internal sealed class PostgreSqlConnector : IAsyncDisposable
{
    /// <summary>The most connections of the service: one for each call that a point's limits may let through at once, and two to verify. A smaller pool would let calls wait here and take a busy node for a server that cannot be reached.</summary>
    internal const int ConnectionsMax = ProviderLimits.ConcurrencyMax + 2;

    private readonly PostgreSqlServerOptions options;
    private readonly ISecretReferences secrets;
    private readonly Lazy<NpgsqlDataSource> pool;
    private volatile string? lastCertificateFault;

    public PostgreSqlConnector(PostgreSqlServerOptions options, ISecretReferences secrets)
    {
        this.options = options;
        this.secrets = secrets;
        pool = new Lazy<NpgsqlDataSource>(BuildPool, LazyThreadSafetyMode.ExecutionAndPublication);
    }

    /// <summary>What was wrong with the last certificate that was refused; null if none was.</summary>
    public string? LastCertificateFault => lastCertificateFault;

    /// <summary>A connection of the service.</summary>
    public Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => OpenAsync(pool.Value, cancellationToken);

    /// <summary>Ends the connections that are kept: the next ones begin with what the server says then.</summary>
    public void Renew() => pool.Value.Clear();

    /// <summary>Signs in as somebody, and out again. The library needs the password as a string, which stays until the collector reuses its memory.</summary>
    public async Task SignInAsync(string role, Secret password, CancellationToken cancellationToken)
    {
        var builder = Builder(role, pooling: false);
        builder.ConnectionStringBuilder.Password = new string(password.Reveal());
        await using var source = builder.Build();
        await using var connection = await OpenAsync(source, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (pool.IsValueCreated) await pool.Value.DisposeAsync();
    }

    /// <summary>
    /// The library reads what the server says to a new connection without heeding the token: a silent server would hold the caller up for the
    /// whole <see cref="PostgreSqlServerOptions.ConnectTimeout"/>. So the caller leaves, and a connection that comes late is given back.
    /// </summary>
    private static async Task<NpgsqlConnection> OpenAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        var opening = source.OpenConnectionAsync(cancellationToken).AsTask();
        try
        {
            return await opening.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _ = GiveBackAsync(opening);
            throw;
        }
    }

    /// <summary>Whatever becomes of it: nobody waits for it any more.</summary>
    private static async Task GiveBackAsync(Task<NpgsqlConnection> opening)
    {
        await ((Task)opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (opening.IsCompletedSuccessfully) await (await opening).DisposeAsync();
    }

    private NpgsqlDataSource BuildPool()
    {
        var builder = Builder(options.BindName, pooling: true);
        builder.UsePasswordProvider(_ => throw new NotSupportedException("Internal error: connections are opened asynchronously."), (_, token) => ReadPasswordAsync(token));
        return builder.Build();
    }

    private async ValueTask<string> ReadPasswordAsync(CancellationToken cancellationToken)
    {
        switch (await secrets.ResolveAsync(options.BindPassword, cancellationToken))
        {
            case SecretResolution.Resolved resolved:
                using (resolved.Secret) return new string(resolved.Secret.Reveal());
            case SecretResolution.Refused refused:
                throw new CredentialUnreadableException(refused.Reason);
            case var other:
                throw new InvalidOperationException($"Internal error: unknown resolution {other.GetType().Name}.");
        }
    }

    private NpgsqlDataSourceBuilder Builder(string role, bool pooling)
    {
        var isSecured = options.Security == PostgreSqlSecurity.Tls;
        var builder = new NpgsqlDataSourceBuilder(new NpgsqlConnectionStringBuilder
        {
            Host = options.Host,
            Port = options.Port,
            Database = options.Database,
            Username = role,
            Passfile = "",
            ApplicationName = "PasswordSync",
            Timeout = (int)options.ConnectTimeout.TotalSeconds,
            CommandTimeout = 0,
            CancellationTimeout = 1_000,
            Pooling = pooling,
            MaxPoolSize = ConnectionsMax,
            SslMode = isSecured ? SslMode.Require : SslMode.Disable,
            GssEncryptionMode = GssEncryptionMode.Disable,
            RequireAuth = "ScramSHA256",
            PersistSecurityInfo = false,
        }.ConnectionString);
        if (isSecured) builder.UseSslClientAuthenticationOptionsCallback(Secure);
        return builder;
    }

    /// <summary>The library's own check can only refuse; this one also tells why.</summary>
    private void Secure(SslClientAuthenticationOptions tls)
    {
        tls.TargetHost = options.Host;
        tls.RemoteCertificateValidationCallback = Check;
        if (options.TrustedRoots is null) return;
        tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        try
        {
            tls.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(options.TrustedRoots);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new CredentialUnreadableException($"The file of trusted roots (trustedRoots) {options.TrustedRoots} cannot be read ({e.GetType().Name}).");
        }
    }

    private bool Check(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None) return true;
        var statuses = chain is null ? "" : string.Join(", ", chain.ChainStatus.Select(status => status.Status.ToString()).Distinct());
        lastCertificateFault = $"The certificate of '{certificate?.Subject}', issued by '{certificate?.Issuer}', is refused: {errors}{(statuses.Length > 0 ? $" ({statuses})" : "")}.";
        return false;
    }
}
