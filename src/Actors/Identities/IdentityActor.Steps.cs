using System.Collections.Immutable;
using PasswordSync.Core.Captures;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Ports;

namespace PasswordSync.Actors.Identities;

/// <summary>From a decision to what follows from it.</summary>
internal sealed partial class IdentityActor
{
    /// <summary>A message that was decided, and the writing of what was decided.</summary>
    /// <param name="Message">The message.</param>
    /// <param name="Decision">What was decided.</param>
    /// <param name="After">The state after it.</param>
    /// <param name="Epoch">Under which it was decided.</param>
    /// <param name="Follows">The writing of what it rests on; null where that was read.</param>
    private sealed record Step(IdentityMessage Message, Decision Decision, IdentityState After, long Epoch, Task<AppendResult>? Follows)
    {
        private static readonly Task<AppendResult> Nothing = Task.FromResult(AppendResult.Appended);

        /// <summary>Where there is nothing to write, it has ended.</summary>
        public Task<AppendResult> Writing { get; init; } = Nothing;

        public bool IsBulk { get; init; }

        public bool IsOver => Writing.IsCompleted;

        /// <summary>How it ended: what rests on something that was not written, or perhaps not, has not happened. For one that is over.</summary>
        public AppendResult Result => Writing.IsFaulted || RestsOnWritten ? Writing.GetAwaiter().GetResult() : AppendResult.Conflict;

        private bool RestsOnWritten => Follows is null || (Follows.IsCompletedSuccessfully && Follows.GetAwaiter().GetResult() == AppendResult.Appended);
    }

    // One at a time, until its message is here: the task that tells it may still be about to end when it is, so that the task says nothing about that.
    private void Watch()
    {
        if (awaited is not null || isEnding) return;
        awaited = new IdentityMessage.Written();
        watching = Context.TellSelfAfterAsync(underWay.Peek().Writing, awaited);
    }

    // Each ends by itself: what was asked of the journal is answered, or fails.
    private async ValueTask DrainAsync()
    {
        while (underWay.TryPeek(out var step))
        {
            await (watching.IsCompleted ? step.Writing : watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Settle();
        }
    }

    // In the order of the decisions. What is to be done next is seen from the last of them alone.
    private void Settle()
    {
        Step? last = null;
        var (hasChanged, isBulk) = (false, true);
        while (underWay.TryPeek(out var step) && step.IsOver)
        {
            underWay.Dequeue();
            if (!TryFinish(step) || step.Message is IdentityMessage.Show) continue;
            last = step;
            hasChanged |= !step.Decision.Events.IsEmpty;
            isBulk &= step.IsBulk;
        }

        if (last is not null) CarryOut(last.After, isBulk, hasChanged);
        if (underWay.Count > 0) Watch();
    }

    private bool TryFinish(Step step)
    {
        AppendResult? result;
        try
        {
            result = step.Result;
        }
        catch (StorageUnavailableException failure)
        {
            Give(step.Message, failure);
            return false;
        }
#pragma warning disable CA1031 // Handled once more by itself, the message fails again, and its supervisor, or who asked, hears of it.
        catch (Exception)
#pragma warning restore CA1031
        {
            Redo(step.Message);
            return false;
        }

        switch (result)
        {
            case AppendResult.Appended:
                foreach (var happened in step.Decision.Events) Observe(happened);
                Answer(step);
                return true;
            case AppendResult.Fenced:
                services.Ownership.Lose(shard, step.Epoch);
                Give(step.Message, new ShardNotOwnedException(shard));
                return false;
            default:
                LogConflict(identity);
                Redo(step.Message);
                return false;
        }
    }

    private void Answer(Step step)
    {
        switch (step.Message)
        {
            case IdentityMessage.Arrived arrived when step.Decision.IsToBeConfirmed:
                LogToBeConfirmed(identity, arrived.InboxSequence);
                services.Rows.ConfirmFirst(arrived.InboxSequence);
                break;
            case IdentityMessage.Arrived arrived when step.Decision.AskAgainAt is { } at:
                LogWaits(identity, arrived.InboxSequence, at);
                services.Rows.ComeBack(arrived.InboxSequence, UntilLook(at));
                break;
            case IdentityMessage.Arrived arrived:
                services.Rows.Decided(arrived.InboxSequence);
                break;
            case IdentityMessage.Perform perform:
                perform.Reply.TryAnswer(step.Decision);
                break;
            case IdentityMessage.Show show:
                show.Reply.TryAnswer(step.After);
                break;
        }
    }

    // What was decided rests on something that is not so: it is decided anew, and the journal's answer waited for before anything else.
    private void Redo(IdentityMessage message)
    {
        Forget();
        if (isEnding) GiveBack(message, new InvalidOperationException("The identity was being stopped when the journal turned out to be ahead."), services.StorageRetryInterval);
        else _ = Context.TellSelfAfterAsync(Task.CompletedTask, message with { IsAlone = true });
    }

    // Whether it was written is unknown, or known to be for another node: forget the state, so that the next message loads what is there.
    private void Give(IdentityMessage message, Exception failure)
    {
        Forget();
        if (failure is ShardNotOwnedException)
        {
            LogShardNotOwned(identity, shard);
            GiveBack(message, failure, services.StorageRetryInterval);
            Context.Stop(Context.Self);
            return;
        }

        LogStorageUnavailable(identity, failure.Message);
        GiveBack(message, failure, isEnding ? services.StorageRetryInterval : alarm.SetAfterTrouble());
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

    private void CarryOut(IdentityState now, bool isBulk, bool hasChanged)
    {
        var time = services.Clock.GetUtcNow();
        foreach (var offer in now.DueOffers(time)) services.Offers(identity, isBulk ? offer with { IsBulk = true } : offer);
        if (isEnding) return;
        if (hasChanged) alarm.Restart();
        if (now.NextWakeUp(services.Rules()) is { } at) alarm.Set(at, time);
        else if (state is not null) alarm.Clear();
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
}
