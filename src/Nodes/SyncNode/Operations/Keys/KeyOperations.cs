using System.Collections.Immutable;
using PasswordSync.Core.Operations;
using PasswordSync.Sealing.KeyRings;

namespace PasswordSync.SyncNode.Operations.Keys;

/// <summary><c>keys list</c></summary>
internal sealed class KeyList(OperationServices services) : Operation
{
    private static readonly ImmutableArray<ColumnDescription> Columns =
    [
        Column.Text("key"), Column.Text("state"), Column.Time("createdAt", "created"), Column.Time("publishedFrom", "sealed to from"), Column.Time("retiresAt", "until"), Column.Time("destroyedAt", "destroyed, or to be"),
    ];

    public override CommandDescription Description { get; } = Show("keys", "list", "Lists the envelope keys as this node holds them: what is sealed to now, what is kept to open what still comes, and what was destroyed.", "keys list", "keys list -l 20") with { Parameters = [Parameter.Limit] };

    public override Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        var (ring, now) = (services.Parts.KeyRing.Ring, services.Now);
        var current = ring.CurrentKey(now)?.Id;
        var destroyed = ring.DestroyedKeys.Select(key => Column.Row($"{key.Id}", "destroyed", key.CreatedAt, null, null, key.DestroyedAt));
        var held = ring.Keys.Select(key => Column.Row($"{key.Id}", StateOf(key, key.Id == current, now), key.CreatedAt, key.PublishedFrom, key.RetiresAt, key.DestroyedAfter(services.Parts.Rotation.CaptureAgeMax)));
        return Task.FromResult<OperationResult>(new OperationResult.Answered(Answer.Of(Section.Table(null, "key|keys", Columns, destroyed.Concat(held).TakeLast(call.Rows())))));
    }

    private static string StateOf(RingKey key, bool isCurrent, DateTimeOffset now) =>
        isCurrent ? "sealed to now"
        : key.IsForSealing(now) ? "sealed to, until edges know the next"
        : key.PublishedFrom is null ? "made, until all nodes hold it"
        : key.PublishedFrom > now ? "to be sealed to"
        : "retired, still opens";
}

/// <summary><c>keys rotate</c></summary>
internal sealed class KeyRotate(OperationServices services) : Operation
{
    public override CommandDescription Description { get; } = Change(
        OperatorRole.Administrator, "keys", "rotate", "Makes a new envelope key now, beside the regular turning. The former one is retired and still opens what was sealed to it; it is destroyed when nothing of it can wait any more.", "keys rotate");

    public override async Task<OperationResult> RunAsync(OperationCall call, CancellationToken cancellationToken)
    {
        if (services.Keys.Candidate is { } underway) return new OperationResult.Refused(RefusalReason.Conflict, $"The new key {underway} is under way already: it is published when every living node holds it. 'cluster show' says who lives, 'keys list' how it stands.");
        var before = services.Parts.KeyRing.Ring.CurrentKey(services.Now)?.Id;
        var change = await services.Keys.RotateAsync(cancellationToken).ConfigureAwait(false);
        if (!change.IsDone) return new OperationResult.Refused(RefusalReason.Conflict, $"{change.Refusal}");
        var isPublished = services.Keys.Candidate != change.Key;
        return new OperationResult.Answered(
            Answer.Of(Section.Facts(
                null, ("new key", $"{change.Key}"), ("sealed to", isPublished ? "from now on; edges learn of it within their configurationInterval (30 s by default)" : "as soon as every living node holds it: see 'keys list'"), ("former key", $"{before}"))),
            Before: $"sealed to {before}", After: $"{(isPublished ? "sealed to" : "made")} {change.Key}");
    }
}
