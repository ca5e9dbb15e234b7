using PasswordSync.Actors;
using PasswordSync.Actors.Sharding;
using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;

namespace PasswordSync.Nodes.Tests.Deliveries;

/// <summary>Identities that decide at once, by the real decider, and keep all events; a question can be lost on its way, or its answer on the way back.</summary>
internal sealed class DecidingIdentities(TimeProvider clock, Func<DecisionRules> rules) : IIdentities
{
    private readonly Lock gate = new();
    private readonly Dictionary<IdentityId, IdentityState> states = [];

    /// <summary>Every event, in order.</summary>
    public List<IdentityEvent> Events { get; } = [];

    /// <summary>The rules of the moment.</summary>
    public Func<DecisionRules> Rules { get; set; } = rules;

    /// <summary>Every question, in order, lost ones among them.</summary>
    public List<IdentityCommand> Asked { get; } = [];

    /// <summary>Whether a question is lost before it is decided.</summary>
    public Func<IdentityCommand, bool> LosesQuestion { get; set; } = static _ => false;

    /// <summary>Whether the answer to a question is lost after it was decided.</summary>
    public Func<IdentityCommand, bool> LosesAnswer { get; set; } = static _ => false;

    public Task<Decision> DecideAsync(IdentityId identity, Func<DateTimeOffset, IdentityCommand> command, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            var question = command(clock.GetUtcNow());
            Asked.Add(question);
            if (LosesQuestion(question)) throw new IdentityUnavailableException(identity, new TimeoutException("The question was lost."));
            var state = StateOf(identity);
            var decision = state.Decide(question, Rules());
            Events.AddRange(decision.Events);
            states[identity] = decision.Events.Aggregate(state, (folded, happened) => folded.Apply(happened));
            if (LosesAnswer(question)) throw new IdentityUnavailableException(identity, new TimeoutException("The answer was lost."));
            return Task.FromResult(decision);
        }
    }

    public Task<IdentityState> ShowAsync(IdentityId identity, CancellationToken cancellationToken)
    {
        lock (gate) return Task.FromResult(StateOf(identity));
    }

    public IdentityState StateOf(IdentityId identity) => states.GetValueOrDefault(identity, IdentityState.Initial);
}
