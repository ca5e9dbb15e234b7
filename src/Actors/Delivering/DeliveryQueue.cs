using PasswordSync.Core.Decisions;
using PasswordSync.Core.Identities;

namespace PasswordSync.Actors.Delivering;

/// <summary>
/// What waits at one sync point, one entry an identity, in two lanes: what follows from a person's own change goes before bulk work (a resend, a retry), of which nevertheless one in
/// every so many is taken, so that it goes on under any load. Within a lane the order is that of arrival.
/// </summary>
/// <param name="laneMax">How many may wait in each lane.</param>
/// <param name="bulkEvery">Of how many that are taken one is bulk work, while both lanes wait. 2 or greater.</param>
internal sealed class DeliveryQueue(int laneMax, int bulkEvery)
{
    private readonly LinkedList<(IdentityId Identity, Offer Offer)> own = new();
    private readonly LinkedList<(IdentityId Identity, Offer Offer)> bulk = new();
    private readonly Dictionary<IdentityId, LinkedListNode<(IdentityId Identity, Offer Offer)>> places = [];
    private int ownInARow;

    public int Count => places.Count;

    /// <summary>Whether all that waits is bulk work.</summary>
    public bool HasOnlyBulk => own.Count == 0 && bulk.Count > 0;

    /// <summary>Takes an offer in. A newer one of the same identity takes the older one's place; a person's own change leaves the bulk lane for its own.</summary>
    /// <returns>False if the lane is full.</returns>
    public bool TryAdd(IdentityId identity, Offer offer)
    {
        var lane = offer.IsBulk ? bulk : own;
        if (places.TryGetValue(identity, out var place))
        {
            if (place.List == lane || offer.IsBulk || own.Count >= laneMax)
            {
                place.Value = (identity, offer with { IsBulk = place.List == bulk });
                return true;
            }

            bulk.Remove(place);
        }
        else if (lane.Count >= laneMax)
        {
            return false;
        }

        places[identity] = lane.AddLast((identity, offer));
        return true;
    }

    /// <summary>Takes the next one out; false if nothing waits, or only bulk work that rests. Bulk work whose turn has come though people wait gives way to nobody, and so does not rest.</summary>
    public bool TryTake(bool bulkRests, out IdentityId identity, out Offer offer)
    {
        var isTurn = own.Count > 0 && bulk.Count > 0 && ownInARow >= bulkEvery - 1;
        var givesWay = own.Count == 0;
        if ((isTurn || givesWay ? bulk : own).First is not { } first || (givesWay && bulkRests))
        {
            (identity, offer) = (default, null!);
            return false;
        }

        ownInARow = givesWay ? 0 : isTurn ? ownInARow - (bulkEvery - 1) : Math.Min(ownInARow + 1, bulkEvery - 1);
        first.List!.RemoveFirst();
        (identity, offer) = (first.Value.Identity, first.Value.Offer with { GivesWay = givesWay });
        places.Remove(identity);
        return true;
    }

    /// <summary>What was taken was not begun: it counts for nobody's turn.</summary>
    public void NotBegun(Offer offer)
    {
        if (!offer.GivesWay) ownInARow += offer.IsBulk ? bulkEvery - 1 : -1;
    }
}
