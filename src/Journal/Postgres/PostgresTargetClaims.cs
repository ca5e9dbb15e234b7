using Npgsql;
using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Postgres.Engine;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <inheritdoc cref="ITargetClaims"/>
internal sealed class PostgresTargetClaims(PostgresDatabase database) : ITargetClaims
{
    /// <summary>How often a claim is tried whose holder went between the two looks.</summary>
    private const int TriesMax = 10;

    public async ValueTask<IdentityId> ClaimAsync(SyncPointId point, string targetKey, IdentityId identity, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(targetKey);

        // Nearly always it is claimed already. What a reader sees is durable.
        var claimed = await database.ReadAsync((connection, token) => ClaimedAsync(connection, point, targetKey, token), cancellationToken).ConfigureAwait(false);
        for (var tries = 0; claimed == Guid.Empty && tries < TriesMax; tries++)
        {
            claimed = await database.RunAsync((connection, token) => TryClaimAsync(connection, point, targetKey, identity, token), cancellationToken).ConfigureAwait(false);
        }

        return claimed != Guid.Empty ? new IdentityId(claimed) : throw new InvalidOperationException("Internal error: a claim was there and is not.");
    }

    public async ValueTask ReleaseAsync(SyncPointId point, IdentityId identity, CancellationToken cancellationToken) => await database.RunAsync(
        (connection, token) => connection.Command("DELETE FROM target_claim WHERE identity_id = $1 AND point = $2", Of(identity.Value), Of(point.Value)).ExecuteAsync(token),
        cancellationToken).ConfigureAwait(false);

    private static async Task<Guid> TryClaimAsync(NpgsqlConnection connection, SyncPointId point, string targetKey, IdentityId identity, CancellationToken cancellationToken)
    {
        var added = await connection.Command(
            "INSERT INTO target_claim (point, target_key, identity_id) VALUES ($1, $2, $3) ON CONFLICT (point, target_key) DO NOTHING",
            Of(point.Value), Of(targetKey), Of(identity.Value)).ExecuteAsync(cancellationToken).ConfigureAwait(false);
        return added == 1 ? identity.Value : await ClaimedAsync(connection, point, targetKey, cancellationToken).ConfigureAwait(false);
    }

    private static Task<Guid> ClaimedAsync(NpgsqlConnection connection, SyncPointId point, string targetKey, CancellationToken cancellationToken) =>
        connection.Command("SELECT identity_id FROM target_claim WHERE point = $1 AND target_key = $2", Of(point.Value), Of(targetKey)).ScalarAsync<Guid>(cancellationToken);
}
