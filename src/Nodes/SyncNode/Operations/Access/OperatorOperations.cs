using System.Collections.Immutable;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Operations;
using PasswordSync.Core.Ports;
using PasswordSync.SyncNode.Admin;

namespace PasswordSync.SyncNode.Operations.Access;

/// <summary><c>operator list</c></summary>
internal sealed class OperatorList(OperationServices services) : Operation
{
    private static readonly ImmutableArray<ColumnDescription> Columns = [Column.Text("name"), Column.Text("role"), Column.Time("addedAt", "added at")];

    public override CommandDescription Description { get; } = Show("operator", "list", "Lists who may use this cluster's operations.", "operator list");

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken) => new OperationResult.Answered(Answer.Of(Section.Table(
        null, "operator|operators", Columns, (await services.Operations.Operators.ListAsync(cancellationToken).ConfigureAwait(false)).Select(row => Column.Row(row.Name, row.Role, row.AddedAt)))));
}

/// <summary><c>operator add</c></summary>
internal sealed class OperatorAdd(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Change(
        OperatorRole.Administrator, "operator", "add", "Makes an operator. The token is shown this once; the node keeps a hash of it only.", "operator add ada -r viewer") with
    { Parameters = [Parameter.Place("name", "The operator's name."), Parameter.Option("role", "r", "viewer, operator or administrator.", "viewer")] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var (name, role) = (call.Needed("name"), call.Needed("role"));
        if (!SourceId.IsValid(name)) return new OperationResult.Refused(RefusalReason.Invalid, $"'{name}' is not a name: use 1 to 63 lower-case letters, digits, dots or hyphens.");
        if (OperatorRoles.Parse(role) is null) return new OperationResult.Refused(RefusalReason.Invalid, $"'{role}' is not a role: use viewer, operator or administrator.");
        var token = OperatorTokens.Make();
        return await services.Operations.Operators.AddAsync(new OperatorRow(name, role, OperatorTokens.HashOf(token), services.Now), cancellationToken).ConfigureAwait(false)
            ? new OperationResult.Answered(Answer.Of(Section.Facts(null, ("operator", name), ("role", role), ("token", token))), Before: "no such operator", After: $"{name} is {role}")
            : new OperationResult.Refused(RefusalReason.Conflict, $"There is an operator '{name}' already: remove it first, or choose another name.");
    }
}

/// <summary><c>operator remove</c></summary>
internal sealed class OperatorRemove(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Change(OperatorRole.Administrator, "operator", "remove", "Takes an operator's access away, at once.", "operator remove ada") with { Parameters = [Parameter.Place("name", "The operator's name.")] };

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var name = call.Needed("name");
        var all = await services.Operations.Operators.ListAsync(cancellationToken).ConfigureAwait(false);
        var row = all.FirstOrDefault(known => known.Name == name);
        if (row is null) return new OperationResult.Refused(RefusalReason.NotFound, $"There is no operator '{name}'.");
        if (row.Role == "administrator" && all.Count(known => known.Role == "administrator") == 1) return new OperationResult.Refused(RefusalReason.Conflict, $"'{name}' is the last administrator: add another first.");
        await services.Operations.Operators.RemoveAsync(name, cancellationToken).ConfigureAwait(false);
        return new OperationResult.Answered(Answer.Of(Section.Facts(null, ("operator", name), ("state", "removed"))), Before: $"{name} is {row.Role}", After: "no such operator");
    }
}
