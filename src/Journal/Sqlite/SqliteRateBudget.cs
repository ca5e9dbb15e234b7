using PasswordSync.Core.Ports;
using PasswordSync.Journal.Sqlite.Engine;
using PasswordSync.Journal.Storing;

namespace PasswordSync.Journal.Sqlite;

/// <inheritdoc cref="IRateBudget"/>
internal sealed class SqliteRateBudget(SqliteEngine engine, TimeProvider time) : IRateBudget
{
    public ValueTask<RateGrant> TakeAsync(string bucket, RateRule rule, int wanted, int urgent, CancellationToken cancellationToken) =>
        engine.WriteAsync(session => Take(session, bucket, rule, wanted, urgent), cancellationToken);

    private RateGrant Take(SqliteSession session, string bucket, RateRule rule, int wanted, int urgent)
    {
        var now = time.GetUtcNow();
        var filled = Held(session, bucket) is { } held ? rule.Fill(held.Amount, now - held.At) : rule.Permits;
        var grant = rule.Grant(filled, wanted, urgent);
        session.Execute(
            "INSERT INTO rate_bucket (name, held, at) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET held = excluded.held, at = excluded.at",
            bucket, filled - grant.Permits, now.ToColumn());
        return grant;
    }

    private static (double Amount, DateTimeOffset At)? Held(SqliteSession session, string bucket)
    {
        using var row = session.Query("SELECT held, at FROM rate_bucket WHERE name = $1", bucket);
        return row.Read() ? (row.GetDouble(0), row.ReadTime(1)) : null;
    }
}
