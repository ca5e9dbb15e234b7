using Microsoft.Extensions.Logging;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <inheritdoc cref="ITargetClaims"/>
internal sealed class PostgresTargetClaims(PostgresDatabase database, ILogger logger) : ITargetClaims, IAsyncDisposable
{
    /// <summary>How often a claim is tried whose holder came or went between the two looks.</summary>
    private const int TriesMax = 10;

    private readonly GroupWriter<TargetClaim, Guid> claimer = new(database, new ClaimWork(), logger);

    public async ValueTask<IdentityId> ClaimAsync(SyncPointId point, string targetKey, IdentityId identity, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(targetKey);
        for (var tries = 0; tries < TriesMax; tries++)
        {
            var holder = await claimer.WriteAsync(new TargetClaim(point.Value, targetKey, identity.Value), cancellationToken).ConfigureAwait(false);
            if (holder != Guid.Empty) return new IdentityId(holder);
        }

        throw new InvalidOperationException("Internal error: a claim was there and is not.");
    }

    public async ValueTask ReleaseAsync(SyncPointId point, IdentityId identity, CancellationToken cancellationToken) => await database.RunAsync(
        (connection, token) => connection.Command("DELETE FROM target_claim WHERE identity_id = $1 AND point = $2", Of(identity.Value), Of(point.Value)).ExecuteAsync(token),
        cancellationToken).ConfigureAwait(false);

    public ValueTask DisposeAsync() => claimer.DisposeAsync();
}
