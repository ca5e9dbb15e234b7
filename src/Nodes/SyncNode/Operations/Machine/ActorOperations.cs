using System.Collections.Immutable;
using PasswordSync.Core.Operations;

namespace PasswordSync.SyncNode.Operations.Machine;

/// <summary><c>actor system</c></summary>
internal sealed class ActorSystemShow(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Show("actor", "system", "Shows the actors of this node in figures.", "actor system");

    public override Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var actors = services.Engine.Hierarchy();
        return Task.FromResult<OperationResult>(new OperationResult.Answered(Answer.Of(Section.Facts(
            null, ("node", services.Configuration.Node.Name), ("actors", actors.Count), ("messages that wait", actors.Sum(actor => actor.MailboxLength)),
            ("senders that wait", actors.Sum(actor => actor.WaitingSenders)), ("restarts", actors.Sum(actor => actor.Restarts)), ("up since", services.StartedAt)))));
    }
}

/// <summary><c>actor hierarchy</c></summary>
internal sealed class ActorHierarchy(OperationServices services) : Operation
{
    private static readonly ImmutableArray<ColumnDescription> Columns = [Column.Text("path"), Column.Text("kind"), Column.Text("state"), Column.Number("mailbox"), Column.Number("restarts")];

    public override CommandDescription Description { get; } = Show("actor", "hierarchy", "Lists the live actors of this node.", "actor hierarchy", "actor hierarchy -s /region -d 2")
        with
    { Parameters = [Parameter.Option("start", "s", "Only this path and what is below it.", "/"), new ParameterDescription("depth", "-d", "number", "How deep.", false, false, false, "4"), Parameter.Limit] };

    public override Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var start = call.Needed("start").TrimEnd('/');
        var depth = call.Number("depth") + start.Count(character => character == '/');
        return Task.FromResult<OperationResult>(new OperationResult.Answered(Answer.Of(Section.Table(
            null, "actor|actors", Columns,
            services.Engine.Hierarchy()
                .Where(actor => (actor.Path == start || actor.Path.StartsWith(start + "/", StringComparison.Ordinal)) && actor.Path.Count(character => character == '/') <= depth)
                .OrderBy(actor => actor.Path, StringComparer.Ordinal).Take(call.Rows())
                .Select(actor => Column.Row(actor.Path, actor.Kind, $"{actor.State}".ToLowerInvariant(), actor.MailboxLength, actor.Restarts))))));
    }
}
