using System.Text.Json;

namespace PasswordSync.EndToEnd.Support;

/// <summary>How far a change has come. Between these two stages lie a few milliseconds, which a kill meets by rare chance only.</summary>
internal enum WayStage
{
    /// <summary>The hook has it, and no node has decided on it.</summary>
    Captured,

    /// <summary>A target is being written.</summary>
    Begun,
}

/// <summary>Finds out from the password log which stages a moment met.</summary>
/// <param name="log">The rows of the changes in question.</param>
internal sealed class WayStages(IReadOnlyList<JsonElement> log)
{
    private readonly ILookup<WayStage, (DateTimeOffset From, DateTimeOffset To)> stages = Captured(log).Concat(Begun(log)).ToLookup(stage => stage.Stage, stage => (stage.From, stage.To));

    /// <summary>How many of some moments fell into a stage of any change.</summary>
    public int Count(WayStage stage, IEnumerable<DateTimeOffset> moments) => moments.Count(moment => stages[stage].Any(time => time.From <= moment && moment < time.To));

    // The total time of a delivery is that since the capture; of what was never delivered it is not told.
    private static IEnumerable<(WayStage Stage, DateTimeOffset From, DateTimeOffset To)> Captured(IReadOnlyList<JsonElement> log) =>
        from accepted in Events(log, "accepted")
        join finished in Events(log, "finished") on TextOf(accepted, "changeSet") equals TextOf(finished, "changeSet")
        where finished.TryGetProperty("total", out var total) && total.ValueKind == JsonValueKind.Number
        select (WayStage.Captured, At(finished) - TimeSpan.FromSeconds(finished.GetProperty("total").GetDouble()), At(accepted));

    private static IEnumerable<(WayStage Stage, DateTimeOffset From, DateTimeOffset To)> Begun(IReadOnlyList<JsonElement> log) =>
        from begun in Events(log, "applying")
        join finished in Events(log, "finished") on TextOf(begun, "attempt") equals TextOf(finished, "attempt")
        where !TextOf(begun, "message")!.StartsWith("Checks again", StringComparison.Ordinal)
        select (WayStage.Begun, At(begun), At(finished));

    private static IEnumerable<JsonElement> Events(IReadOnlyList<JsonElement> log, string kind) => log.Where(row => TextOf(row, "event") == kind);

    private static DateTimeOffset At(JsonElement row) => row.GetProperty("at").GetDateTimeOffset();

    private static string? TextOf(JsonElement row, string column) => row.TryGetProperty(column, out var found) ? found.GetString() : null;
}
