using Npgsql;
using PasswordSync.Journal.Storing;
using static PasswordSync.Journal.Postgres.Engine.Parameters;

namespace PasswordSync.Journal.Postgres;

/// <summary>Many appends as the arrays that <see cref="AppendWork"/> sends. A place is the number of an append in the batch, from 1 as PostgreSQL counts.</summary>
internal sealed class AppendColumns
{
    private readonly List<int> wantedShards = [];
    private readonly List<long> wantedEpochs = [];
    private readonly Guid[] identities;
    private readonly int[] wants;
    private readonly long[] before;
    private readonly List<int> eventPlaces = [];
    private readonly List<long> eventSequences = [];
    private readonly List<string> eventKinds = [];
    private readonly List<string> eventBodies = [];
    private readonly List<long> eventTimes = [];
    private readonly List<int> inboxPlaces = [];
    private readonly List<long> inboxSequences = [];
    private readonly List<int> wakePlaces = [];
    private readonly List<long> wakeTimes = [];
    private readonly List<int> sleepPlaces = [];
    private readonly List<int> secretPlaces = [];
    private readonly List<Guid> secrets = [];
    private readonly List<int> namePlaces = [];
    private readonly List<string> names = [];
    private readonly StuckColumns parked = new();
    private readonly StuckColumns failing = new();
    private readonly StuckColumns missed = new();
    private readonly List<int> unconfirmedPlaces = [];
    private readonly List<long> unconfirmedSequences = [];
    private readonly List<long> unconfirmedSince = [];
    private readonly List<int> statePlaces = [];
    private readonly List<long> stateSequences = [];
    private readonly List<string> stateKinds = [];
    private readonly List<string> stateBodies = [];
    private readonly List<long> forgotten = [];

    public AppendColumns(IReadOnlyList<StoredAppend> appends)
    {
        identities = new Guid[appends.Count];
        wants = new int[appends.Count];
        before = new long[appends.Count];
        var wanted = new Dictionary<(int Shard, long Epoch), int>();
        for (var i = 0; i < appends.Count; i++)
        {
            var append = appends[i];
            identities[i] = append.Identity;
            wants[i] = WantOf(append, wanted);
            before[i] = append.Before;
            Add(append, place: i + 1);
        }
    }

    /// <summary>Whether something is to be written that is seldom: a snapshot, a delivery that is parked, failing or missed, or no longer, or an unconfirmed capture.</summary>
    public bool HasRare => statePlaces.Count > 0 || parked.HasAny || failing.HasAny || missed.HasAny || unconfirmedPlaces.Count > 0;

    public NpgsqlParameter[] Usual =>
    [
        Of(wantedShards), Of(wantedEpochs), Of(identities), Of(wants), Of(before),
        Of(eventPlaces), Of(eventSequences), Of(eventKinds), Of(eventBodies), Of(eventTimes),
        Of(inboxPlaces), Of(inboxSequences), Of(wakePlaces), Of(wakeTimes), Of(sleepPlaces), Of(secretPlaces), Of(secrets), Of(namePlaces), Of(names),
    ];

    public NpgsqlParameter[] All =>
    [
        .. Usual, Of(statePlaces), Of(stateSequences), Of(stateKinds), Of(stateBodies), Of(forgotten), .. parked.All, .. failing.All, .. missed.All,
        Of(unconfirmedPlaces), Of(unconfirmedSequences), Of(unconfirmedSince),
    ];

    private int WantOf(StoredAppend append, Dictionary<(int Shard, long Epoch), int> wanted)
    {
        var key = (append.Shard, append.Epoch);
        if (wanted.TryGetValue(key, out var known)) return known;
        wantedShards.Add(append.Shard);
        wantedEpochs.Add(append.Epoch);
        return wanted[key] = wantedShards.Count;
    }

    private void Add(StoredAppend append, int place)
    {
        for (var i = 0; i < append.Events.Length; i++)
        {
            eventPlaces.Add(place);
            eventSequences.Add(append.Before + 1 + i);
            eventKinds.Add(append.Events[i].Record.Kind);
            eventBodies.Add(append.Events[i].Record.Body);
            eventTimes.Add(append.Events[i].At);
        }

        foreach (var sequence in append.DecidedInbox)
        {
            inboxPlaces.Add(place);
            inboxSequences.Add(sequence);
        }

        if (append.WakeUpAt is { } dueAt)
        {
            wakePlaces.Add(place);
            wakeTimes.Add(dueAt);
        }
        else if (append.EndsPending) sleepPlaces.Add(place);

        foreach (var secret in append.ReleasedSecrets)
        {
            secretPlaces.Add(place);
            secrets.Add(secret);
        }

        foreach (var name in append.Names)
        {
            namePlaces.Add(place);
            names.Add(name);
        }

        parked.Add(place, append.Parked);
        failing.Add(place, append.Failing);
        missed.Add(place, append.Missed);
        if (append.Unconfirmed is { } reported)
        {
            unconfirmedPlaces.Add(place);
            unconfirmedSequences.Add(reported.Sequence);
            unconfirmedSince.Add(reported.Since);
        }

        if (append.Snapshot is not { } state) return;
        statePlaces.Add(place);
        stateSequences.Add(append.SnapshotAt);
        stateKinds.Add(state.Kind);
        stateBodies.Add(state.Body);
        forgotten.Add(Math.Min(append.LastForgotten, append.SnapshotAt));
    }

    /// <summary>Points of identities that something holds for since a time, or no longer.</summary>
    private sealed class StuckColumns
    {
        // In the place of a time.
        private const long NoLonger = -1;

        private readonly List<int> places = [];
        private readonly List<string> points = [];
        private readonly List<long> since = [];

        public bool HasAny => places.Count > 0;

        public NpgsqlParameter[] All => [Of(places), Of(points), Of(since)];

        public void Add(int place, (string Point, long? Since)[] changes)
        {
            foreach (var (point, time) in changes)
            {
                places.Add(place);
                points.Add(point);
                since.Add(time ?? NoLonger);
            }
        }
    }
}
