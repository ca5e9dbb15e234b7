using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Ports;
using PasswordSync.Core.Secrets;
using PasswordSync.Providers.Contract;
using PasswordSync.SyncNode.Deliveries;
using PasswordSync.SyncNode.Deliveries.Remote;
using PasswordSync.SyncNode.Settings;

namespace PasswordSync.SyncNode.Cluster.Requests;

/// <summary>Brings operators' questions about a target to a node that may reach it, be it this one or another.</summary>
internal sealed class PointQuestions(NodeParts parts, NodeRequests nodes)
{
    private readonly TargetQuestions here = parts.Questions;

    /// <summary>Verifies a point.</summary>
    /// <exception cref="StorageUnavailableException">Which nodes live cannot be read now.</exception>
    public async Task<ImmutableArray<VerificationCheck>> VerifyAsync(PointSettings point, string by, CancellationToken cancellationToken)
    {
        if (parts.Configuration.MayRun(point)) return await here.VerifyAsync(point, cancellationToken).ConfigureAwait(false);
        var (node, reply) = await nodes.AskAsync(point, new NodeRequest.VerifyPoint(by, point.Name), cancellationToken).ConfigureAwait(false);
        return reply.Checks is { } checks
            ? [VerificationCheck.Passed("node", $"{node} has the labels {string.Join(", ", point.Nodes)}, and found what follows."), .. checks]
            : [VerificationCheck.Failed("node", WhyNot(reply), $"See that a node with the labels {string.Join(", ", point.Nodes)} runs and can be reached from here: pbm cluster show.")];
    }

    /// <summary>Looks whether the target of a point has a password of a person.</summary>
    /// <param name="point">The point.</param>
    /// <param name="newest">The person's newest change, which says who is looked for.</param>
    /// <param name="password">The password; the caller disposes it.</param>
    /// <param name="by">Who wants it.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="StorageUnavailableException">Which nodes live cannot be read now.</exception>
    public async Task<PasswordTrial> TryAsync(PointSettings point, Change newest, Secret password, string by, CancellationToken cancellationToken)
    {
        if (parts.Configuration.MayRun(point)) return await here.TryAsync(point, new TargetQuery(newest.CaptureId, newest.Account, newest.Names), password, cancellationToken).ConfigureAwait(false);
        var (envelope, reason) = TravellingPassword.Seal(password, newest.CaptureId.Value, newest.Account, newest.Names, parts.KeyRing, parts.Clock.GetUtcNow());
        if (envelope is null) return PasswordTrial.Untold(reason!);
        var request = new NodeRequest.TryPassword(by, point.Name, newest.CaptureId.Value, RemoteAccount.Of(newest.Account), newest.Names, envelope);
        var (_, reply) = await nodes.AskAsync(point, request, cancellationToken).ConfigureAwait(false);
        return reply.Trial ?? PasswordTrial.Untold(WhyNot(reply));
    }

    /// <summary>Answers another node's question.</summary>
    public async Task<NodeReply> AnswerAsync(NodeRequest.VerifyPoint request, CancellationToken cancellationToken) =>
        Find(request.Point) is { } point ? new NodeReply { Checks = await here.VerifyAsync(point, cancellationToken).ConfigureAwait(false) } : NotHere(request.Point);

    /// <summary>Answers another node's question.</summary>
    public async Task<NodeReply> AnswerAsync(NodeRequest.TryPassword request, CancellationToken cancellationToken)
    {
        if (Find(request.Point) is not { } point) return NotHere(request.Point);
        var (opened, reason) = TravellingPassword.Open(request, parts.KeyRing);
        using var password = opened;
        if (password is null) return new NodeReply { Unavailable = reason };
        return new NodeReply { Trial = await here.TryAsync(point, new TargetQuery(new CaptureId(request.CaptureId), request.Account.ToAccount(), request.Names), password, cancellationToken).ConfigureAwait(false) };
    }

    private PointSettings? Find(string name) => parts.Configuration.Points.FirstOrDefault(point => point.Name == name && parts.Configuration.MayRun(point));

    private static NodeReply NotHere(string point) => new() { Unavailable = $"It does not carry out deliveries of '{point}': its configuration differs from this node's." };

    private static string WhyNot(NodeReply reply) => reply.Unavailable ?? "The node that was asked answered something else: it runs another version.";
}
