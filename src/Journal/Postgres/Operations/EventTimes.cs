using Npgsql;
using PasswordSync.Journal.Postgres.Engine;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres.Operations;

/// <summary>
/// Finds where a time begins in the journal. Events stand in the order of their times but for what the nodes' clocks differ, so it is found by halving, in a millisecond; an index of times would
/// cost every append, and without either a question about the last day reads the journal of months.
/// </summary>
internal static class EventTimes
{
    /// <summary>By how much the times of events may be out of order for all of them to be found.</summary>
    private static readonly TimeSpan DisorderMax = TimeSpan.FromHours(1);

    // All up to "low" is older, as far as was looked; what is wanted begins at "high" or before. The numbers have gaps: each look is at the first event behind the middle.
    private const string Search = """
        WITH RECURSIVE search (low, high) AS (
          SELECT coalesce(min(event_id), 1) - 1, coalesce(max(event_id), 0) FROM event
          UNION ALL
          SELECT CASE WHEN probe.at < $1 THEN probe.event_id ELSE low END, CASE WHEN probe.at < $1 THEN high ELSE (low + high) / 2 END
          FROM search CROSS JOIN LATERAL (SELECT event_id, at FROM event WHERE event_id > (low + high) / 2 ORDER BY event_id LIMIT 1) AS probe
          WHERE low < high
        )
        SELECT max(low) FROM search
        """;

    /// <summary>The number of an event before which all are older than a time.</summary>
    public static Task<long> LastBeforeAsync(NpgsqlConnection connection, DateTimeOffset since, CancellationToken cancellationToken) =>
        connection.Command(Search, Of((since - DisorderMax).ToColumn())).ScalarAsync<long>(cancellationToken);
}
