using PasswordSync.Core.Deliveries;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite;

/// <inheritdoc cref="ITargetClaims"/>
internal sealed class SqliteTargetClaims(SqliteEngine engine) : ITargetClaims
{
    public async ValueTask<IdentityId> ClaimAsync(SyncPointId point, string targetKey, IdentityId identity, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(targetKey);

        // Nearly always it is claimed already. What a reader sees is durable.
        var claimed = await engine.ReadAsync(session => Claimed(session, point, targetKey), cancellationToken).ConfigureAwait(false);
        return claimed ?? await engine.WriteAsync(session => Claim(session, point, targetKey, identity), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask ReleaseAsync(SyncPointId point, IdentityId identity, CancellationToken cancellationToken) =>
        await engine.WriteAsync(
            session => session.Execute("DELETE FROM target_claim WHERE identity_id = $1 AND point = $2", identity.Value.ToColumn(), point.Value), cancellationToken)
            .ConfigureAwait(false);

    private static IdentityId Claim(SqliteSession session, SyncPointId point, string targetKey, IdentityId identity)
    {
        var added = session.Execute(
            "INSERT INTO target_claim (point, target_key, identity_id) VALUES ($1, $2, $3) ON CONFLICT (point, target_key) DO NOTHING",
            point.Value, targetKey, identity.Value.ToColumn());
        return added == 1 ? identity : Claimed(session, point, targetKey) ?? throw new InvalidOperationException("Internal error: a claim was there and is not.");
    }

    private static IdentityId? Claimed(SqliteSession session, SyncPointId point, string targetKey) =>
        session.Bytes("SELECT identity_id FROM target_claim WHERE point = $1 AND target_key = $2", point.Value, targetKey) is { } value
            ? new IdentityId(new Guid(value, bigEndian: true))
            : null;
}
