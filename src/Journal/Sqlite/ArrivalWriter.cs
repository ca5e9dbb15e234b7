using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite;

/// <summary>Writes arrivals to SQLite.</summary>
internal static class ArrivalWriter
{
    /// <summary>Accepts it, inside a transaction.</summary>
    public static AcceptResult Write(this StoredArrival arrival, SqliteSession session, SqliteStoreOptions options)
    {
        var captureId = arrival.CaptureId.ToColumn();
        if (session.Number("SELECT 1 FROM accepted WHERE capture_id = $1", captureId) is not null) return AcceptResult.AlreadyHave;
        var identity = SqliteAccountStore.FindOrMakeIdentity(session, arrival.Account, options);
        var shard = identity.Shard(options.ShardCount);
        foreach (var id in arrival.Ids)
        {
            session.Execute("INSERT INTO accepted (capture_id, shard_id, at) VALUES ($1, $2, $3) ON CONFLICT (capture_id) DO NOTHING", id.ToColumn(), shard, arrival.At);
        }

        foreach (var secret in arrival.Secrets)
        {
            // One that is there stays: a delivery may be using it.
            session.Execute(
                "INSERT INTO secret (capture_id, shard_id, envelope, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT (capture_id) DO NOTHING",
                secret.CaptureId.ToColumn(), shard, secret.Envelope, secret.ExpiresAt);
        }

        session.Execute(
            "INSERT INTO inbox (shard_id, identity_id, capture_id, kind, body, at) VALUES ($1, $2, $3, $4, $5, $6)",
            shard, identity.Value.ToColumn(), captureId, arrival.Record.Kind, arrival.Record.Body, arrival.At);
        return AcceptResult.Accepted;
    }
}
