using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Operations;

namespace PasswordSync.SyncNode.Operations.Sync;

/// <summary>What the operations of the password log have in common.</summary>
internal static class PasswordLogParameters
{
    /// <summary>What the column "event" may say.</summary>
    private static readonly ImmutableArray<string> EventWords = [.. PasswordLogWords.Words, LoadedIdentity.Unreadable];

    public static ImmutableArray<ParameterDescription> Filters { get; } =
    [
        new ParameterDescription("user", "-u", "text", "Only this person: login name, UPN, mail address, DN, objectGUID, identity or capture id.", false, false, true, null),
        Parameter.OnlyPoint,
        Parameter.Option("source", "s", "Only this source."),
        Parameter.Option("change-set", "c", "Only this change-set, the id of a capture."),
        Parameter.Option("controller", "d", "Only captures that were made at this domain controller, by its name in the log, and what came of them."),
        Parameter.Option("event", "e", $"Only this event: {string.Join(", ", EventWords)}."),
        new ParameterDescription("failures", "-f", "flag", "Only what did not go well: attempts without success, obstacles, deliveries that expired or whose password is unusable, captures that could not be proven and are never sent.", false, false, false, null),
        Parameter.Duration("last", "t", "Only what happened within this time.", null),
    ];

    public static async Task<(PasswordLogFilter? Filter, OperationResult.Refused? Refusal)> ReadAsync(OperationServices services, OperationCall call, CancellationToken cancellationToken)
    {
        var (point, source) = (call.Text("point"), call.Text("source"));
        if (point is not null && services.FindPoint(point) is null) return (null, services.NoSuchPoint(point));
        if (source is not null && !services.Configuration.Node.Sources.ContainsKey(source))
        {
            return (null, new OperationResult.Refused(RefusalReason.NotFound, $"There is no source '{source}': use one of {string.Join(", ", services.Configuration.Node.Sources.Keys)}."));
        }

        var word = call.Text("event");
        if (word is not null && !EventWords.Contains(word)) return (null, new OperationResult.Refused(RefusalReason.Invalid, $"'event' is '{word}': use one of {string.Join(", ", EventWords)}."));
        Guid? changeSet = null;
        if (call.Text("change-set") is { } text)
        {
            if (!Guid.TryParse(text, out var id)) return (null, new OperationResult.Refused(RefusalReason.Invalid, $"'change-set' is '{text}': use the id of a capture, 32 hexadecimal digits."));
            changeSet = id;
        }

        IdentityId? identity = null;
        if (call.Text("user") is { } user)
        {
            var (found, refusal) = await services.FindOneAsync(user, cancellationToken).ConfigureAwait(false);
            if (refusal is not null) return (null, refusal);
            identity = found;
        }

        // What happened to one change happened to one person, whose events are found at once.
        if (identity is null && changeSet is { } change && await services.FindUserAsync($"{change:D}", cancellationToken).ConfigureAwait(false) is UserSearch.Found { Identity: var owner }) identity = owner;
        return (new PasswordLogFilter(identity, point, source, changeSet, services.Now - call.Duration("last")) { Controller = call.Text("controller"), Event = word, OnlyFailures = call.Flag("failures") }, null);
    }
}

/// <summary><c>sync history</c></summary>
internal sealed class History(OperationServices services) : Operation
{
    /// <summary>At how many events it is looked for records that fit; the answer says where that ended.</summary>
    private const int EventsMax = 100_000;

    public override CommandDescription Description { get; } = Show("sync", "history", "Shows the newest records of the password log, oldest first.", "sync history ada", "sync history -p mail -t 2h -l 50", "sync history -failures -t 1d")
        with
    { Parameters = [.. PasswordLogParameters.Filters, Parameter.Limit] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var (filter, refusal) = await PasswordLogParameters.ReadAsync(services, call, cancellationToken).ConfigureAwait(false);
        if (filter is null) return refusal!;
        var (rows, endedAt) = await new PasswordLog(services.Operations, services.Clock).ReadNewestAsync(filter, call.Rows(), EventsMax, cancellationToken).ConfigureAwait(false);
        var table = Section.Table(null, "record|records", PasswordLog.Columns, rows);
        return new OperationResult.Answered(endedAt is not { } time ? Answer.Of(table) : Answer.Of(table, Section.Facts(
            null, ("not looked at", string.Create(CultureInfo.InvariantCulture, $"what was before {Stories.Time(time)}: only the newest {EventsMax} events were looked at; 'sync export' with the same switches looks at all")))));
    }
}

/// <summary><c>sync tail</c> and <c>sync export</c></summary>
internal sealed class LogStream(OperationServices services, bool follows) : Operation
{
    public override CommandDescription Description { get; } =
        (follows
            ? Show("sync", "tail", "Streams the password log as it grows, until Ctrl-C or -n records.", "sync tail", "sync tail -p mail -n 10")
            : Show("sync", "export", "Writes the whole password log, oldest first; with the client's --csv or --json for other programs.", "sync export --csv > log.csv", "sync export -t 30d --json"))
        with
        { Streams = true, Columns = PasswordLog.Columns, Parameters = [.. PasswordLogParameters.Filters, Parameter.Number] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var (filter, refusal) = await PasswordLogParameters.ReadAsync(services, call, cancellationToken).ConfigureAwait(false);
        if (filter is null) return refusal!;
        var after = follows && call.Duration("last") is null ? (await services.Queries.CountAsync(max: 0, cancellationToken).ConfigureAwait(false)).LastEvent : 0;
        return new OperationResult.Streaming(ReadAsync(filter, after, call.Text("number") is null ? int.MaxValue : call.Number("number"), cancellationToken));
    }

    private async IAsyncEnumerable<ImmutableArray<object?>> ReadAsync(PasswordLogFilter filter, long after, int limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var count = 0;
        await foreach (var row in new PasswordLog(services.Operations, services.Clock).ReadAsync(filter, after, follows, cancellationToken).ConfigureAwait(false))
        {
            yield return row;
            if (++count == limit) yield break;
        }
    }
}
