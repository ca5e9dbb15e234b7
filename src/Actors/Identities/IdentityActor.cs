using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using PasswordSync.Actors.Runtime;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Identities;

/// <summary>One identity, live: loads, decides, appends, applies, carries out, answers. All judgement is Core's.</summary>
internal sealed partial class IdentityActor : Actor<IdentityMessage>
{
    /// <summary>How often one decision is taken anew because the journal turned out to be ahead.</summary>
    private const int ConflictsMax = 3;

    private static readonly IdentityMessage.Wake WakeMessage = new();

    private readonly IdentityServices services;
    private readonly ILogger logger;
    private readonly IdentityId identity;
    private readonly int shard;
    private IdentityState? state;
    private IDisposable? alarm;

    public IdentityActor(IActorContext<IdentityMessage> context, IdentityServices services, ILogger logger)
        : base(context)
    {
        this.services = services;
        this.logger = logger;
        identity = new IdentityId(Guid.Parse(context.Name));
        shard = identity.Shard(services.ShardCount);
    }

    protected internal override async ValueTask ReceiveAsync(IdentityMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await HandleAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageUnavailableException failure)
        {
            // Whether it was written is unknown: forget the state, so that the next message loads what is there.
            state = null;
            LogStorageUnavailable(identity, failure.Message);
            GiveBack(message, failure, services.StorageRetryInterval);
            SetAlarm(services.StorageRetryInterval);
        }
        catch (ShardNotOwnedException lost)
        {
            state = null;
            LogShardNotOwned(identity, shard);
            GiveBack(message, lost, services.StorageRetryInterval);
            Context.Stop(Context.Self);
        }
    }

    protected internal override ValueTask OnIdleAsync(CancellationToken cancellationToken)
    {
        var now = services.Clock.GetUtcNow();
        var soon = now + services.OfferAgainInterval;
        if (state?.NextWakeUp(services.Rules()) is not { } at || at > soon) Context.Passivate();
        return ValueTask.CompletedTask;
    }

    private async ValueTask HandleAsync(IdentityMessage message, CancellationToken cancellationToken)
    {
        switch (message)
        {
            case IdentityMessage.Arrived arrived:
                var decision = await PerformAsync(arrived.Command, arrived, cancellationToken).ConfigureAwait(false);
                if (decision.AskAgainAt is { } at) services.Rows.ComeBack(arrived.InboxSequence, at - services.Clock.GetUtcNow());
                else services.Rows.Decided(arrived.InboxSequence);
                break;
            case IdentityMessage.Perform perform:
                perform.Reply.TryAnswer(await PerformAsync(perform.Command, arrived: null, cancellationToken).ConfigureAwait(false));
                break;
            case IdentityMessage.Show show:
                show.Reply.TryAnswer(await LoadAsync(cancellationToken).ConfigureAwait(false));
                break;
            case IdentityMessage.Wake:
                await PerformAsync(now => new IdentityCommand.WakeUp(now, services.Jitter()), arrived: null, cancellationToken).ConfigureAwait(false);
                break;
            default:
                throw new InvalidOperationException($"Internal error: unknown message {message.GetType().Name}.");
        }
    }

    private async ValueTask<Decision> PerformAsync(
        Func<DateTimeOffset, IdentityCommand> command, IdentityMessage.Arrived? arrived, CancellationToken cancellationToken)
    {
        for (var conflicts = 0; ; conflicts++)
        {
            var before = await LoadAsync(cancellationToken).ConfigureAwait(false);
            var epoch = services.Ownership.EpochOf(shard) ?? throw new ShardNotOwnedException(shard);
            var rules = services.Rules();
            var decision = before.Decide(command(services.Clock.GetUtcNow()), rules);
            if (decision.AskAgainAt is not null || (decision.Events.IsEmpty && arrived is null))
            {
                CarryOut(before, rules);
                return decision;
            }

            var after = decision.Events.Aggregate(before, (folded, happened) => folded.Apply(happened));
            var append = new JournalAppend(
                identity, shard, epoch, before, decision.Events, after, arrived is null ? [] : [arrived.InboxSequence], after.NextWakeUp(rules), Released(before, after, decision, arrived));
            switch (await services.Journal.AppendAsync(append, cancellationToken).ConfigureAwait(false))
            {
                case AppendResult.Appended:
                    state = after;
                    foreach (var happened in decision.Events) services.Observe(identity, happened);
                    CarryOut(after, rules);
                    return decision;
                case AppendResult.Fenced:
                    services.Ownership.Lose(shard, epoch);
                    throw new ShardNotOwnedException(shard);
                case AppendResult.Conflict when conflicts < ConflictsMax:
                    LogConflict(identity);
                    state = null;
                    break;
                default:
                    throw new InvalidOperationException($"Internal error: the journal of {identity} stays ahead after {ConflictsMax} tries.");
            }
        }
    }

    private async ValueTask<IdentityState> LoadAsync(CancellationToken cancellationToken) =>
        state ??= await services.Journal.LoadAsync(identity, cancellationToken).ConfigureAwait(false);

    /// <summary>The secrets that the decision makes needless: those no longer needed, and those of captures that were not accepted.</summary>
    private static ImmutableArray<CaptureId> Released(IdentityState before, IdentityState after, Decision decision, IdentityMessage.Arrived? arrived)
    {
        var candidates = before.NeededSecrets
            .Concat(decision.Events.OfType<IdentityEvent.CaptureAccepted>().Select(e => e.Change.CaptureId))
            .Concat(decision.Events.OfType<IdentityEvent.CaptureIgnored>().Select(e => e.CaptureId))
            .Concat(arrived?.LoneSecrets ?? []);
        return [.. candidates.Distinct().Where(captureId => !after.NeedsSecret(captureId))];
    }

    private void CarryOut(IdentityState now, DecisionRules rules)
    {
        var time = services.Clock.GetUtcNow();
        foreach (var offer in now.DueOffers(time)) services.Offers(identity, offer);
        if (now.NextWakeUp(rules) is not { } at)
        {
            alarm?.Dispose();
            alarm = null;
            return;
        }

        SetAlarm(at > time ? at - time : services.OfferAgainInterval);
    }

    private void SetAlarm(TimeSpan delay)
    {
        alarm?.Dispose();
        alarm = Context.Schedule(delay, WakeMessage);
    }

    private void GiveBack(IdentityMessage message, Exception failure, TimeSpan after)
    {
        switch (message)
        {
            case IdentityMessage.Arrived arrived:
                services.Rows.ComeBack(arrived.InboxSequence, after);
                break;
            case IdentityMessage.Perform perform:
                perform.Reply.TryFail(failure);
                break;
            case IdentityMessage.Show show:
                show.Reply.TryFail(failure);
                break;
        }
    }
}
