using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.Journal;

namespace PasswordSync.SyncNode.Operations.Access;

/// <summary>Rows of the audit.</summary>
internal static class AuditTable
{
    public static ImmutableArray<ColumnDescription> Columns { get; } =
    [
        Column.Number("number"), Column.Time("at"), Column.Text("operator"), Column.Text("origin", "from"), Column.Text("node"), Column.Text("operation"), Column.Text("stage"), Column.Text("request"),
        Column.Text("before"), Column.Text("after"),
    ];

    public static ImmutableArray<object?> Row(AuditRecord record)
    {
        var entry = record.Entry;
        return Column.Row(record.Number, entry.At, entry.Operator, entry.Origin, entry.Node, entry.Operation, entry.Stage, entry.Request, entry.Before, entry.After);
    }
}

/// <summary><c>audit tail</c></summary>
internal sealed class AuditTail(OperationServices services) : Operation
{
    private const int PageMax = 500;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    public override CommandDescription Description { get; } = Show("audit", "tail", "Streams who changed what: the last 10 records, then what comes, until Ctrl-C or -n records.", "audit tail", "audit tail -n 5")
        with
    { Streams = true, Columns = AuditTable.Columns, Parameters = [Parameter.Number] };

    public override Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken) =>
        Task.FromResult<OperationResult>(new OperationResult.Streaming(ReadAsync(call.Text("number") is null ? int.MaxValue : call.Number("number"), cancellationToken)));

    private async IAsyncEnumerable<ImmutableArray<object?>> ReadAsync(int limit, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var page = await services.Operations.Audit.ReadAsync(0, Math.Min(limit, 10), newest: true, cancellationToken).ConfigureAwait(false);
        var (count, last) = (0, 0L);
        while (true)
        {
            foreach (var record in page)
            {
                yield return AuditTable.Row(record);
                last = record.Number;
                if (++count == limit) yield break;
            }

            if (page.Length < PageMax) await Task.Delay(LookInterval, services.Clock, cancellationToken).ConfigureAwait(false);
            page = await services.Operations.Audit.ReadAsync(last, PageMax, newest: false, cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary><c>audit list</c></summary>
internal sealed class AuditList(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Show("audit", "list", "Lists the newest audit records, oldest first.", "audit list -l 20") with { Parameters = [Parameter.Limit] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken) => new OperationResult.Answered(Answer.Of(Section.Table(
        null, "record|records", AuditTable.Columns, (await services.Operations.Audit.ReadAsync(0, call.Rows(), newest: true, cancellationToken).ConfigureAwait(false)).Select(AuditTable.Row))));
}

/// <summary><c>audit verify</c></summary>
internal sealed class AuditVerify(OperationServices services) : Operation
{
    private const int PageMax = 5_000;

    public override CommandDescription Description { get; } = Show("audit", "verify", "Checks the chain of hashes over the whole audit. With -head it also checks that a hash noted earlier is still in it.", "audit verify", "audit verify -head 9f2c...")
        with
    { Parameters = [Parameter.Option("head", "h", "A hash from an earlier verification or from the node's log (event 4801): it must still be in the chain.")] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var (before, number, found) = (AuditChain.Beginning, 0L, false);
        var wanted = call.Text("head");
        while (true)
        {
            var page = await services.Operations.Audit.ReadAsync(number, PageMax, newest: false, cancellationToken).ConfigureAwait(false);
            if (AuditChain.FindBreak(before, number + 1, page) is { } at) return new OperationResult.Refused(RefusalReason.Conflict, $"The audit was tampered with: the chain breaks at record {at}. Compare with the node's logs (event 4801) and with a backup.");
            found |= page.Any(record => record.Hash == wanted);
            if (page.Length > 0) (before, number) = (page[^1].Hash, page[^1].Number);
            if (page.Length < PageMax) break;
        }

        if (wanted is not null && !found) return new OperationResult.Refused(RefusalReason.Conflict, $"The chain is whole, but no record has the hash {wanted}: records were removed from its end, or it was made anew.");
        return new OperationResult.Answered(Answer.Of(Section.Facts(null, ("audit", "the chain is whole"), ("records", number), ("head", before))));
    }
}
