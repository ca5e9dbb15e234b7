using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Stamps;

namespace PasswordSync.Nodes.Tests.Deliveries;

/// <summary>The stores that deliveries use, in memory; each call asks first whether the database is away.</summary>
internal sealed class MemoryStores : ISecretStore, IAccountStore, ITargetClaims
{
    private readonly Dictionary<(SyncPointId, string), IdentityId> claims = [];

    /// <summary>Named by the method; thrown instead of doing it.</summary>
    public Func<string, Exception?> Trouble { get; set; } = static _ => null;

    public Dictionary<CaptureId, byte[]> Envelopes { get; } = [];

    /// <summary>The open intent of each account: whose, and until when.</summary>
    public Dictionary<AccountId, (Guid AttemptId, DateTimeOffset Until)> Intents { get; } = [];

    public Dictionary<AccountId, Stamp> Written { get; } = [];

    /// <summary>The change that the last write to each account carried.</summary>
    public Dictionary<AccountId, ChangeOrigin?> Origins { get; } = [];

    public static StorageUnavailableException Away => new("away", null);

    public ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CaptureId captureId, CancellationToken cancellationToken)
    {
        Enter(nameof(ReadAsync));
        return ValueTask.FromResult(Envelopes.TryGetValue(captureId, out var envelope) ? envelope : default(ReadOnlyMemory<byte>?));
    }

    public ValueTask<int> SweepAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) => throw new NotSupportedException("Deliveries do not sweep.");

    public ValueTask<IdentityId?> FindIdentityAsync(AccountId account, CancellationToken cancellationToken) => throw new NotSupportedException("Deliveries do not ask.");

    public ValueTask OpenIntentAsync(AccountId account, Guid attemptId, DateTimeOffset until, CancellationToken cancellationToken)
    {
        Enter(nameof(OpenIntentAsync));
        Intents[account] = (attemptId, until);
        return ValueTask.CompletedTask;
    }

    public ValueTask CloseIntentAsync(AccountId account, Guid attemptId, Stamp? written, ChangeOrigin? origin, CancellationToken cancellationToken)
    {
        Enter(nameof(CloseIntentAsync));
        if (written is { } stamp && (!Written.TryGetValue(account, out var known) || known < stamp)) (Written[account], Origins[account]) = (stamp, origin);
        if (Intents.TryGetValue(account, out var open) && open.AttemptId == attemptId) Intents.Remove(account);
        return ValueTask.CompletedTask;
    }

    public ValueTask<OwnWrites> ReadOwnWritesAsync(AccountId account, CancellationToken cancellationToken)
    {
        Enter(nameof(ReadOwnWritesAsync));
        DateTimeOffset? until = Intents.TryGetValue(account, out var open) ? open.Until : null;
        return ValueTask.FromResult(new OwnWrites(until, Written.TryGetValue(account, out var stamp) ? stamp : null) { Origin = Origins.GetValueOrDefault(account) });
    }

    public ValueTask<IdentityId> ClaimAsync(SyncPointId point, string targetKey, IdentityId identity, CancellationToken cancellationToken)
    {
        Enter(nameof(ClaimAsync));
        claims.TryAdd((point, targetKey), identity);
        return ValueTask.FromResult(claims[(point, targetKey)]);
    }

    public ValueTask ReleaseAsync(SyncPointId point, IdentityId identity, CancellationToken cancellationToken)
    {
        Enter(nameof(ReleaseAsync));
        foreach (var held in claims.Where(entry => entry.Value == identity).ToList()) claims.Remove(held.Key);
        return ValueTask.CompletedTask;
    }

    private void Enter(string method)
    {
        if (Trouble(method) is { } trouble) throw trouble;
    }
}
