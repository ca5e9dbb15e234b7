using System.Collections.Concurrent;

namespace PasswordSync.Lab;

/// <summary>
/// Servers that the tests of one assembly share: each kind is started when a test first asks for it, and all end with the last
/// test. Register it with <c>[assembly: AssemblyFixture(typeof(LabServers))]</c> and take it as a constructor parameter. A test
/// that stops, freezes or reconfigures a server, or changes a domain's policy, starts one of its own instead; a test that changes
/// passwords adds or picks users that no other test touches.
/// </summary>
public sealed class LabServers : IAsyncDisposable
{
    private readonly ConcurrentDictionary<SambaDomainOptions, Lazy<Task<SambaDomain>>> _domains = new();
    private readonly ConcurrentDictionary<OpenLdapOptions, Lazy<Task<OpenLdapServer>>> _directories = new();

    private readonly Lazy<Task<PostgresServer>> _postgres = new(() => PostgresServer.StartAsync(["fsync = off"], CancellationToken.None));

    private readonly Lazy<Task<SambaFileServer>> _fileServer = new(() => SambaFileServer.StartNewAsync(CancellationToken.None));

    /// <summary>The shared PostgreSQL server. Each test has a schema of its own in it; what survives a power cut is not its matter.</summary>
    public Task<PostgresServer> PostgresAsync(CancellationToken cancellationToken) => _postgres.Value.WaitAsync(cancellationToken);

    /// <summary>The shared server with accounts of its own.</summary>
    public Task<SambaFileServer> FileServerAsync(CancellationToken cancellationToken) => _fileServer.Value.WaitAsync(cancellationToken);

    /// <summary>The shared domain of this kind. A failed start fails every test that asks.</summary>
    public Task<SambaDomain> DomainAsync(SambaDomainOptions options, CancellationToken cancellationToken) =>
        _domains.GetOrAdd(options, key => new(() => SambaDomain.StartAsync(key, CancellationToken.None))).Value.WaitAsync(cancellationToken);

    /// <summary>The shared OpenLDAP directory of this kind.</summary>
    public Task<OpenLdapServer> DirectoryAsync(OpenLdapOptions options, CancellationToken cancellationToken) =>
        _directories.GetOrAdd(options, key => new(() => OpenLdapServer.StartAsync(key, CancellationToken.None))).Value.WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_fileServer.IsValueCreated && _fileServer.Value.IsCompletedSuccessfully) await (await _fileServer.Value).DisposeAsync();
        if (_postgres.IsValueCreated && _postgres.Value.IsCompletedSuccessfully) await (await _postgres.Value).DisposeAsync();
        foreach (var domain in _domains.Values.Where(domain => domain.Value.IsCompletedSuccessfully)) await (await domain.Value).DisposeAsync();
        foreach (var directory in _directories.Values.Where(directory => directory.Value.IsCompletedSuccessfully)) await (await directory.Value).DisposeAsync();
    }
}
