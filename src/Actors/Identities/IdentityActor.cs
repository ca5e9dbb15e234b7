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

    private readonly IdentityServices services;
    private readonly ILogger logger;
    private readonly IdentityId identity;
    private readonly int shard;
    private readonly IdentityAlarm alarm;
    private IdentityState? state;
    private long stateEpoch;

    public IdentityActor(IActorContext<IdentityMessage> context, IdentityServices services, ILogger logger)
        : base(context)
    {
        this.services = services;
        this.logger = logger;
        identity = new IdentityId(Guid.Parse(context.Name));
        shard = identity.Shard(services.ShardCount);
        alarm = new IdentityAlarm(context, services);
    }

    protected internal override async ValueTask ReceiveAsync(IdentityMessage message, CancellationToken cancellationToken)
    {
        alarm.Heard(message);
        try
        {
            await HandleAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (StorageUnavailableException failure)
        {
            // Whether it was written is unknown: forget the state, so that the next message loads what is there.
            state = null;
            LogStorageUnavailable(identity, failure.Message);
            GiveBack(message, failure, alarm.SetAfterTrouble());
        }
        catch (ShardNotOwnedException lost)
        {
            state = null;
            LogShardNotOwned(identity, shard);
            GiveBack(message, lost, services.StorageRetryInterval);
            Context.Stop(Context.Self);
        }
#pragma warning disable CA1031 // A question that cannot be handled is the asker's trouble; asked again by the supervisor it would be answered to nobody.
        catch (Exception failure) when (message is IdentityMessage.Perform or IdentityMessage.Show && !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            state = null;
            LogQuestionBroke(identity, failure.GetType(), failure.StackTrace);
            GiveBack(message, failure, services.StorageRetryInterval);
        }
    }

    protected internal override ValueTask OnIdleAsync(CancellationToken cancellationToken)
    {
        var soon = services.Clock.GetUtcNow() + services.OfferAgainInterval;
        var hasWork = state is { } known ? known.NextWakeUp(services.Rules()) <= soon : alarm.IsSet;
        if (!hasWork) Context.Passivate();
        return ValueTask.CompletedTask;
    }

    private async ValueTask HandleAsync(IdentityMessage message, CancellationToken cancellationToken)
    {
        switch (message)
        {
            case IdentityMessage.Arrived stale when stale.Epoch != OwnedEpoch():
                // Read before the shard was lost and gained again: another owner may have decided the row meanwhile, so it is looked for anew.
                services.Rows.ComeBack(stale.InboxSequence, TimeSpan.Zero);
                break;
            case IdentityMessage.Arrived arrived:
                var decision = await PerformAsync(arrived.Command, arrived, cancellationToken).ConfigureAwait(false);
                if (decision.IsToBeConfirmed)
                {
                    LogToBeConfirmed(identity, arrived.InboxSequence);
                    services.Rows.ConfirmFirst(arrived.InboxSequence);
                }
                else if (decision.AskAgainAt is { } at)
                {
                    LogWaits(identity, arrived.InboxSequence, at);
                    services.Rows.ComeBack(arrived.InboxSequence, UntilLook(at));
                }
                else services.Rows.Decided(arrived.InboxSequence);
                break;
            case IdentityMessage.Perform perform:
                perform.Reply.TryAnswer(await PerformAsync(perform.Command, arrived: null, cancellationToken).ConfigureAwait(false));
                break;
            case IdentityMessage.Show show:
                show.Reply.TryAnswer(await LoadAsync(OwnedEpoch(), cancellationToken).ConfigureAwait(false));
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
            // Nothing but what was read under this very epoch: the append refuses another.
            var owned = OwnedEpoch();
            var epoch = arrived?.Epoch ?? owned;
            var before = await LoadAsync(epoch, cancellationToken).ConfigureAwait(false);
            var rules = services.Rules();
            var asked = command(services.Clock.GetUtcNow());
            var decision = before.Decide(asked, rules);
            if (decision.AskAgainAt is not null || decision.IsToBeConfirmed || (decision.Events.IsEmpty && arrived is null))
            {
                CarryOut(before, rules, asked.IsBulk, hasChanged: false);
                return decision;
            }

            var after = decision.Events.Aggregate(before, (folded, happened) => folded.Apply(happened));
            var append = new JournalAppend(
                identity, shard, epoch, before, decision.Events, after, arrived is null ? [] : [arrived.InboxSequence], after.NextWakeUp(rules), Released(before, after, decision, arrived));
            switch (await services.Journal.AppendAsync(append, cancellationToken).ConfigureAwait(false))
            {
                case AppendResult.Appended:
                    state = after;
                    foreach (var happened in decision.Events) Observe(happened);
                    CarryOut(after, rules, asked.IsBulk, hasChanged: !decision.Events.IsEmpty);
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

    private long OwnedEpoch() => services.Ownership.EpochOf(shard) ?? throw new ShardNotOwnedException(shard);

    // A state from before the shard was lost and gained again may be behind what another owner wrote meanwhile.
    private async ValueTask<IdentityState> LoadAsync(long epoch, CancellationToken cancellationToken)
    {
        if (state is { } known && stateEpoch == epoch) return known;
        state = null;
        state = await services.Journal.LoadAsync(identity, cancellationToken).ConfigureAwait(false);
        stateEpoch = epoch;
        return state;
    }

    private TimeSpan UntilLook(DateTimeOffset at)
    {
        var wait = at - services.Clock.GetUtcNow();
        return wait < services.IntentLookInterval ? wait : services.IntentLookInterval;
    }

    /// <summary>The secrets that the decision makes needless: those no longer needed, and those of captures that were not accepted.</summary>
    private static ImmutableArray<CaptureId> Released(IdentityState before, IdentityState after, Decision decision, IdentityMessage.Arrived? arrived)
    {
        var released = before.NeededSecrets.ToHashSet();
        foreach (var happened in decision.Events)
        {
            if (happened is IdentityEvent.CaptureAccepted accepted) released.Add(accepted.Change.CaptureId);
            if (happened is IdentityEvent.CaptureIgnored ignored) released.Add(ignored.CaptureId);
        }

        if (arrived is not null) released.UnionWith(arrived.LoneSecrets);
        released.RemoveWhere(after.NeedsSecret);
        return [.. released];
    }

    private void CarryOut(IdentityState now, DecisionRules rules, bool isBulk, bool hasChanged)
    {
        if (hasChanged) alarm.Restart();
        var time = services.Clock.GetUtcNow();
        foreach (var offer in now.DueOffers(time)) services.Offers(identity, isBulk ? offer with { IsBulk = true } : offer);
        if (now.NextWakeUp(rules) is { } at) alarm.Set(at, time);
        else alarm.Clear();
    }

    private void Observe(IdentityEvent happened)
    {
        try
        {
            services.Observe(identity, happened);
        }
#pragma warning disable CA1031 // The event is durable: whoever looks on must not undo what follows from it.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            LogObserverBroke(identity, failure.GetType());
        }
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
