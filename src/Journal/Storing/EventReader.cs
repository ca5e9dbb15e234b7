using PasswordSync.Core.Identities;
using PasswordSync.Core.Ports;
using PasswordSync.Journal.Formats;

namespace PasswordSync.Journal.Storing;

/// <summary>Reads events for people, each by itself: one that this version does not understand hides none of the others. (Who decides by them reads them with <see cref="Replay"/>, which skips nothing.)</summary>
internal static class EventReader
{
    public static StoredEvent Read(long position, IdentityId identity, long sequence, StoredRecord record, DateTimeOffset at)
    {
        try
        {
            return new StoredEvent(position, identity, sequence, EventCodec.Decode(record));
        }
        catch (UnreadableRecordException trouble)
        {
            return new StoredEvent(position, identity, sequence, Event: null) { Unreadable = new UnreadableEvent(at, trouble.Message) };
        }
    }
}
