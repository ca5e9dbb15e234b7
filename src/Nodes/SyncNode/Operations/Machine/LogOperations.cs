using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using PasswordSync.Core.Operations;
using PasswordSync.Hosting.Logging;

namespace PasswordSync.SyncNode.Operations.Machine;

/// <summary>Rows of the log, and names of levels.</summary>
internal static class LogTable
{
    public static ImmutableArray<ColumnDescription> Columns { get; } = [Column.Time("at"), Column.Text("level"), Column.Number("event"), Column.Text("part"), Column.Text("message")];

    public static ParameterDescription Level { get; } = Parameter.Option("level", "v", "The least level: debug, information, warning or error.", "information");

    public static ImmutableArray<object?> Row(LogLine line) => Column.Row(line.At, $"{line.Level}".ToLowerInvariant(), line.EventId, line.Category, line.Text);

    public static LogLevel? Parse(string level) => level switch { "debug" => LogLevel.Debug, "information" => LogLevel.Information, "warning" => LogLevel.Warning, "error" => LogLevel.Error, _ => null };

    public static OperationResult.Refused NoSuchLevel(string level) => new(RefusalReason.Invalid, $"'{level}' is not a level: use debug, information, warning or error.");
}

/// <summary><c>log peek</c></summary>
internal sealed class LogPeek(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Show("log", "peek", $"Shows the last lines of this node's log; {LogRing.LinesMax} are in memory.", "log peek", "log peek -v warning -l 20") with { Parameters = [LogTable.Level, Parameter.Limit] };

    public override Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken) => Task.FromResult<OperationResult>(LogTable.Parse(call.Needed("level")) is { } level
        ? new OperationResult.Answered(Answer.Of(Section.Table(null, "line|lines", LogTable.Columns, services.Log.Last(call.Rows(), level).Select(LogTable.Row))))
        : LogTable.NoSuchLevel(call.Needed("level")));
}

/// <summary><c>log tail</c></summary>
internal sealed class LogTail(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Show("log", "tail", "Streams this node's log, until Ctrl-C or -n lines.", "log tail", "log tail -v warning")
        with
    { Streams = true, Columns = LogTable.Columns, Parameters = [LogTable.Level, Parameter.Number] };

    public override Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken) => Task.FromResult(Follow(call, cancellationToken));

    // Begun here and not with the first row, so that one too many hears why he gets none.
    private OperationResult Follow(OperationCall call, CancellationToken cancellationToken)
    {
        if (LogTable.Parse(call.Needed("level")) is not { } level) return LogTable.NoSuchLevel(call.Needed("level"));
        var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (services.Log.Follow(ending.Token) is { } lines) return new OperationResult.Streaming(ReadAsync(lines, level, call.Text("number") is null ? int.MaxValue : call.Number("number"), ending, cancellationToken));
        ending.Dispose();
        return new OperationResult.Refused(RefusalReason.Unavailable, $"{LogRing.FollowersMax} follow this node's log already, which is the most: end one of them, or look with 'log peek'.");
    }

    private static async IAsyncEnumerable<ImmutableArray<object?>> ReadAsync(
        ChannelReader<LogLine> lines, LogLevel level, int limit, CancellationTokenSource ending, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var count = 0;
        try
        {
            await foreach (var line in lines.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                if (line.Level < level) continue;
                yield return LogTable.Row(line);
                if (++count == limit) yield break;
            }
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            ending.Dispose();
        }
    }
}

/// <summary><c>log level</c></summary>
internal sealed class LogLevelSet(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Change(OperatorRole.Operator, "log", "level", "Sets the least level that this node logs, until it is restarted.", "log level debug", "log level information")
        with
    { Parameters = [Parameter.Place("level", "debug, information, warning or error.")] };

    public override Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        if (LogTable.Parse(call.Needed("level")) is not { } level) return Task.FromResult<OperationResult>(LogTable.NoSuchLevel(call.Needed("level")));
        var before = $"{services.Log.Level}".ToLowerInvariant();
        services.Log.Level = level;
        NodeLogging.SetLevel(level);
        return Task.FromResult<OperationResult>(new OperationResult.Answered(Answer.Of(Section.Facts(null, ("level", call.Needed("level")))), before, call.Needed("level")));
    }
}
