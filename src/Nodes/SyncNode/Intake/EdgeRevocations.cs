using System.Collections.Concurrent;
using System.Collections.Immutable;
using PasswordSync.Actors;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Hosting.Certificates;

namespace PasswordSync.SyncNode.Intake;

/// <summary>Which certificates of edges this node refuses, as the database has it; kept while that is away.</summary>
internal sealed partial class EdgeRevocations(IEdgeRegistry edges, TimeProvider clock, ILogger<EdgeRevocations> logger)
{
    /// <summary>How soon a revocation at another node is heard of at the latest.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(5);

    /// <summary>How often it is logged that a revoked edge comes: edges try every second.</summary>
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<(SourceId, string), DateTimeOffset> logged = new();
    private ImmutableDictionary<(SourceId, string), EdgeRevocation> current = ImmutableDictionary<(SourceId, string), EdgeRevocation>.Empty;

    /// <summary>Why a certificate is refused; null if it is not.</summary>
    /// <param name="edge">For whom it stands.</param>
    /// <param name="signedAt">When it was signed.</param>
    public EdgeRevocation? Find(PeerName.Edge edge, DateTimeOffset signedAt)
    {
        var key = (edge.Source, edge.DomainController.ToLowerInvariant());
        if (!Volatile.Read(ref current).TryGetValue(key, out var revocation) || signedAt > revocation.At) return null;
        var now = clock.GetUtcNow();
        if (!logged.TryGetValue(key, out var last) || now - last >= LogInterval)
        {
            logged[key] = now;
            LogRefused(edge.Source.Value, edge.DomainController, signedAt, revocation.At, revocation.By);
        }

        return revocation;
    }

    /// <summary>The last revocation of an edge, whatever certificate it has now.</summary>
    public EdgeRevocation? LastOf(SourceId source, string domainController) => Volatile.Read(ref current).GetValueOrDefault((source, domainController));

    /// <summary>Reads the list now.</summary>
    /// <exception cref="StorageUnavailableException">The database cannot be used now.</exception>
    public async Task ReadAsync(CancellationToken cancellationToken) => Volatile.Write(
        ref current, (await edges.ListRevocationsAsync(cancellationToken).ConfigureAwait(false)).ToImmutableDictionary(revocation => (revocation.Source, revocation.DomainController)));

    /// <summary>Runs until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Repeating.RunAsync(
        async token =>
        {
            await Task.Delay(LookInterval, clock, token).ConfigureAwait(false);
            await ReadAsync(token).ConfigureAwait(false);
        },
        failure => LogNotRead(failure is StorageUnavailableException ? failure.Message : failure.GetType().Name),
        LookInterval,
        clock,
        cancellationToken);

    [LoggerMessage(4312, LogLevel.Warning, "{Source}/{DomainController} is refused: its certificate of {SignedAt:u} was revoked at {RevokedAt:u} by {By}.")]
    private partial void LogRefused(string source, string domainController, DateTimeOffset signedAt, DateTimeOffset revokedAt, string by);

    [LoggerMessage(4313, LogLevel.Warning, "The revocations of edges cannot be read now, and stay as they are: {Reason}")]
    private partial void LogNotRead(string reason);
}
