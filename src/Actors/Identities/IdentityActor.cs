using Microsoft.Extensions.Logging;
using PasswordSync.Actors.Runtime;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Identities;

/// <summary>
/// One identity, live: loads, decides, appends, carries out, answers. All judgement is Core's. It goes on deciding while what it decided before is written, so that the journal can write
/// together what comes together; but whatever follows from a decision follows once it is durable, in the order of the decisions.
/// </summary>
internal sealed partial class IdentityActor : Actor<IdentityMessage>
{
    /// <summary>How often one decision is taken anew because the journal turned out to be ahead.</summary>
    private const int ConflictsMax = 3;

    /// <summary>How many decisions may be under way to the journal; then it waits for them.</summary>
    private const int UnderWayMax = 64;

    private readonly IdentityServices services;
    private readonly ILogger logger;
    private readonly IdentityId identity;
    private readonly int shard;
    private readonly IdentityAlarm alarm;
    private readonly Queue<Step> underWay = [];
    private readonly PendingRow pending;
    private IdentityState? state;
    private long stateEpoch;
    private AppendMark? lastAppend;
    private Task<AppendResult>? lastWriting;
    private Task watching = Task.CompletedTask;
    private IdentityMessage.Written? awaited;
    private bool isEnding;

    public IdentityActor(IActorContext<IdentityMessage> context, IdentityServices services, ILogger logger)
        : base(context)
    {
        this.services = services;
        this.logger = logger;
        identity = new IdentityId(Guid.Parse(context.Name));
        shard = identity.Shard(services.ShardCount);
        alarm = new IdentityAlarm(context, services);
        pending = new PendingRow(services.PendingSlack);
    }

    /// <summary>What failed has lost its alarm, and may have been woken for its pending-work row already.</summary>
    protected internal override ValueTask OnStartAsync(CancellationToken cancellationToken)
    {
        if (Context.Restarts > 0) alarm.SetAfterRestart(Context.Restarts);
        return ValueTask.CompletedTask;
    }

    protected internal override async ValueTask ReceiveAsync(IdentityMessage message, CancellationToken cancellationToken)
    {
        if (message is IdentityMessage.Written)
        {
            if (ReferenceEquals(message, awaited)) awaited = null;
            Settle();
            return;
        }

        alarm.Heard(message);
        try
        {
            await HandleAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is StorageUnavailableException or ShardNotOwnedException)
        {
            Give(message, failure);
        }
#pragma warning disable CA1031 // A question that cannot be handled is the asker's trouble; asked again by the supervisor it would be answered to nobody.
        catch (Exception failure) when (message is IdentityMessage.Perform or IdentityMessage.Show && !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            Forget();
            LogQuestionBroke(identity, failure.GetType(), failure.StackTrace);
            GiveBack(message, failure, services.StorageRetryInterval);
        }
    }

    protected internal override ValueTask OnIdleAsync(CancellationToken cancellationToken)
    {
        // Its pending-work row may be due before it has work, and who was woken for that row once is not woken for it again so soon.
        var ahead = services.OfferAgainInterval > services.PendingSlack ? services.OfferAgainInterval : services.PendingSlack;
        var soon = services.Clock.GetUtcNow() + ahead;
        var hasWork = underWay.Count > 0 || (state is { } known ? known.NextWakeUp(services.Rules()) <= soon : alarm.IsSet);
        if (!hasWork) Context.Passivate();
        return ValueTask.CompletedTask;
    }

    /// <summary>What is being written is waited for, and who asked for it is answered.</summary>
    protected internal override async ValueTask OnStopAsync(CancellationToken cancellationToken)
    {
        isEnding = true;
        await DrainAsync().ConfigureAwait(false);
    }

    private async ValueTask HandleAsync(IdentityMessage message, CancellationToken cancellationToken)
    {
        if (message is IdentityMessage.Arrived stale && stale.Epoch != OwnedEpoch())
        {
            // Read before the shard was lost and gained again: another owner may have decided the row meanwhile, so it is looked for anew.
            services.Rows.ComeBack(stale.InboxSequence, TimeSpan.Zero);
            return;
        }

        if (message.IsAlone || underWay.Count >= UnderWayMax) await DrainAsync().ConfigureAwait(false);
        for (var conflicts = 0; ; conflicts++)
        {
            var step = await DecideAsync(message, cancellationToken).ConfigureAwait(false);
            if (!message.IsAlone)
            {
                underWay.Enqueue(step);
                if (underWay.Count == 1 && step.IsOver) Settle();
                else Watch();
                return;
            }

            if (await step.Writing.ConfigureAwait(false) is not AppendResult.Conflict)
            {
                underWay.Enqueue(step);
                Settle();
                return;
            }

            if (conflicts == ConflictsMax) throw new InvalidOperationException($"Internal error: the journal of {identity} stays ahead after {ConflictsMax} tries.");
            LogConflict(identity);
            Forget();
        }
    }

    private async ValueTask<Step> DecideAsync(IdentityMessage message, CancellationToken cancellationToken)
    {
        // Nothing but what was read under this very epoch: the append refuses another.
        var arrived = message as IdentityMessage.Arrived;
        var owned = OwnedEpoch();
        var epoch = arrived?.Epoch ?? owned;
        var before = await LoadAsync(epoch, cancellationToken).ConfigureAwait(false);
        if (message is IdentityMessage.Show) return new Step(message, Decision.Nothing, before, epoch, lastWriting);
        var rules = services.Rules();
        var asked = CommandOf(message, services.Clock.GetUtcNow());
        var decision = before.Decide(asked, rules);
        if (decision.AskAgainAt is not null || decision.IsToBeConfirmed || (decision.Events.IsEmpty && arrived is null))
        {
            return new Step(message, decision, before, epoch, lastWriting) { IsBulk = asked.IsBulk };
        }

        var after = decision.Events.Aggregate(before, (folded, happened) => folded.Apply(happened));
        var wakeUpAt = after.NextWakeUp(rules);
        var append = new JournalAppend(
            identity, shard, epoch, before, decision.Events, after, arrived is null ? [] : [arrived.InboxSequence], wakeUpAt, Released(before, after, decision, arrived))
        {
            Follows = lastAppend,
            KeepsPending = pending.IsRightFor(wakeUpAt),
        };
        var step = new Step(message, decision, after, epoch, lastWriting) { IsBulk = asked.IsBulk, Writing = services.Journal.AppendAsync(append, cancellationToken).AsTask() };
        if (!append.KeepsPending) pending.Written(wakeUpAt);
        (state, lastAppend, lastWriting) = (after, append.Mark, step.Writing);
        return step;
    }

    private IdentityCommand CommandOf(IdentityMessage message, DateTimeOffset now) => message switch
    {
        IdentityMessage.Arrived arrived => arrived.Command(now),
        IdentityMessage.Perform perform => perform.Command(now),
        IdentityMessage.Wake => new IdentityCommand.WakeUp(now, services.Jitter()),
        _ => throw new InvalidOperationException($"Internal error: unknown message {message.GetType().Name}."),
    };

    private long OwnedEpoch() => services.Ownership.EpochOf(shard) ?? throw new ShardNotOwnedException(shard);

    // A state from before the shard was lost and gained again may be behind what another owner wrote meanwhile. Nothing is read while something is on its way to be written.
    private async ValueTask<IdentityState> LoadAsync(long epoch, CancellationToken cancellationToken)
    {
        if (state is { } known && stateEpoch == epoch) return known;
        await DrainAsync().ConfigureAwait(false);
        Forget();
        state = await services.Journal.LoadAsync(identity, cancellationToken).ConfigureAwait(false);
        stateEpoch = epoch;
        return state;
    }

    // What is in the journal may be something else than what is known here.
    private void Forget()
    {
        state = null;
        (lastAppend, lastWriting) = (null, null);
        pending.Forget();
    }
}
