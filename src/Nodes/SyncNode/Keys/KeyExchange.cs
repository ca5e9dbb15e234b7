using System.Collections.Immutable;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Secrets;
using PasswordSync.Sealing.KeyRings;
using PasswordSync.Sealing.Keys;
using PasswordSync.SyncNode.Cluster;

namespace PasswordSync.SyncNode.Keys;

/// <summary>Keeps this node's key ring the same as those of the other nodes, by asking them.</summary>
internal sealed partial class KeyExchange(
    KeyRingStore store, Func<CancellationToken, ValueTask<ImmutableArray<Peer>>> others, PeerConnections connections, Func<CancellationToken, ValueTask<Secret>> passphrase, TimeProvider clock, ILogger<KeyExchange> logger) : IDisposable
{
    /// <summary>How often the others are asked at most, whoever wants to know: any edge can name a key that does not exist.</summary>
    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim asking = new(1, 1);
    private (KeyView View, long At)? last;

    /// <summary>Asks all living nodes and takes what they know.</summary>
    public async Task<KeyView> LearnAsync(CancellationToken cancellationToken)
    {
        await asking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (last is { } recent && clock.GetElapsedTime(recent.At) < AskInterval) return recent.View;
            var view = await AskAllAsync(cancellationToken).ConfigureAwait(false);
            last = (view, clock.GetTimestamp());
            return view;
        }
        finally
        {
            asking.Release();
        }
    }

    /// <summary>Whether a key is certainly none of the cluster's: every living node was asked, and none has heard of it. A key that another node has is fetched.</summary>
    public async Task<bool> IsUnknownAsync(KeyId id, CancellationToken cancellationToken)
    {
        if (store.Find(id) != default) return false;
        var view = await LearnAsync(cancellationToken).ConfigureAwait(false);
        return store.Find(id) == default && view.IsComplete;
    }

    public void Dispose() => asking.Dispose();

    private async Task<KeyView> AskAllAsync(CancellationToken cancellationToken)
    {
        try
        {
            var living = await others(cancellationToken).ConfigureAwait(false);
            var held = await Task.WhenAll(living.Select(peer => AskAsync(peer, cancellationToken))).ConfigureAwait(false);
            return new KeyView([.. held.OfType<IReadOnlySet<string>>()], held.All(keys => keys is not null));
        }
        catch (StorageUnavailableException failure)
        {
            LogNotAsked("the database", failure.Message);
            return new KeyView([], IsComplete: false);
        }
    }

    /// <summary>The ids of the keys that a node holds; null if it cannot be asked.</summary>
    private async Task<IReadOnlySet<string>?> AskAsync(Peer peer, CancellationToken cancellationToken)
    {
        var reason = "it tells no address";
        foreach (var address in peer.Addresses)
        {
            try
            {
                var http = connections.To(peer.Name);
                var report = await KeyClient.AskAsync(http, address, cancellationToken).ConfigureAwait(false);
                if (report.Fingerprint != store.Ring.Fingerprint) await TakeAsync(await KeyClient.FetchAsync(http, address, store.Ring.Cluster, cancellationToken).ConfigureAwait(false), peer, cancellationToken).ConfigureAwait(false);
                return report.Keys.ToHashSet();
            }
#pragma warning disable CA1031 // Whatever another node answers, this one goes on.
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                reason = failure is OperationCanceledException ? "no answer in time" : failure.Message;
            }
        }

        LogNotAsked(peer.Name, reason);
        return null;
    }

    private async Task TakeAsync(KeyRing received, Peer peer, CancellationToken cancellationToken)
    {
        using var secret = await passphrase(cancellationToken).ConfigureAwait(false);
        var change = await secret.WithUtf8Async(bytes => store.MergeAsync(bytes, received, cancellationToken)).ConfigureAwait(false);
        if (change is { IsDone: false }) LogNotTaken(peer.Name, $"{change.Refusal}");
        else if (change is not null) LogTaken(peer.Name, store.Ring.Revision, store.Ring.Keys.Length);
    }

    [LoggerMessage(4221, LogLevel.Warning, "Node {Node} could not be asked for its keys: {Reason}")]
    private partial void LogNotAsked(string node, string reason);

    [LoggerMessage(4222, LogLevel.Information, "Took over what node {Node} knows of keys: the ring has revision {Revision} and {Keys} keys.")]
    private partial void LogTaken(string node, ulong revision, int keys);

    [LoggerMessage(4223, LogLevel.Error, "What node {Node} knows of keys could not be taken over: {Reason}")]
    private partial void LogNotTaken(string node, string reason);
}

/// <summary>What the other living nodes said of their keys.</summary>
/// <param name="Held">The ids of the keys that each of those who answered held.</param>
/// <param name="IsComplete">Whether all answered.</param>
internal sealed record KeyView(IReadOnlyList<IReadOnlySet<string>> Held, bool IsComplete)
{
    /// <summary>Whether every living node holds a key.</summary>
    public bool AllHold(KeyId id) => IsComplete && Held.All(keys => keys.Contains(id.ToString()));
}
