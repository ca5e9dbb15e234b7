using System.Collections.Immutable;
using PasswordSync.Capture.Resolution;
using PasswordSync.Core.Identities;
using PasswordSync.Ldap;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Sources;

/// <summary>
/// Reads accounts at the sources, for operators' questions only: with the bind account of each source, where one is configured.
/// </summary>
internal sealed class SourceReaders : IAsyncDisposable
{
    private readonly ImmutableDictionary<SourceId, (LdapClient Client, LdapSourceDirectory Directory)> readers;

    private SourceReaders(ImmutableDictionary<SourceId, (LdapClient, LdapSourceDirectory)> readers) => this.readers = readers;

    /// <summary>The sources that can be read.</summary>
    public IEnumerable<SourceId> Sources => readers.Keys.Order();

    /// <summary>Makes readers; nothing is connected before the first question.</summary>
    public static SourceReaders Create(NodeConfiguration configuration, ImmutableDictionary<SourceId, SourceServers> sources, TimeProvider clock)
    {
        var readers = ImmutableDictionary.CreateBuilder<SourceId, (LdapClient, LdapSourceDirectory)>();
        foreach (var (source, settings) in configuration.Node.Sources)
        {
            if (settings is not { BindName: { } name, BindPassword: { } reference }) continue;
            var servers = sources[new SourceId(source)];
            var client = new LdapClient(
                new LdapClientOptions { Servers = servers.Servers, Connection = servers.Options }, token => CredentialAsync(configuration, name, reference, token), clock);
            readers.Add(new SourceId(source), (client, new LdapSourceDirectory(client, clock)));
        }

        return new SourceReaders(readers.ToImmutable());
    }

    /// <summary>The directory of a source; null if no bind account is configured for it.</summary>
    public LdapSourceDirectory? Of(SourceId source) => readers.TryGetValue(source, out var reader) ? reader.Directory : null;

    public async ValueTask DisposeAsync()
    {
        foreach (var (client, _) in readers.Values) await client.DisposeAsync().ConfigureAwait(false);
    }

    private static async ValueTask<LdapCredential> CredentialAsync(NodeConfiguration configuration, string name, string reference, CancellationToken cancellationToken)
    {
        using var password = await NodeParts.ResolveAsync(configuration, "sources.bindPassword", reference, cancellationToken).ConfigureAwait(false);
        return password.WithUtf8(bytes => new SimpleCredential(name, bytes.Span));
    }
}
