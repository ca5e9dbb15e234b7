using System.Security.Cryptography;

namespace PasswordSync.Ldap;

/// <summary>
/// An encoded message on its way out. Exactly one side wipes it: the write loop after it took it, or whoever withdraws it before that.
/// </summary>
internal sealed class OutgoingMessage(byte[] encoded)
{
    private const int Queued = 0;
    private const int Writing = 1;
    private const int Written = 2;
    private const int Withdrawn = 3;

    private int state = Queued;

    public ReadOnlyMemory<byte> Encoded => encoded;

    /// <summary>Takes the message for writing; false if it was withdrawn.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref state, Writing, Queued) == Queued;

    public void MarkWritten() => Volatile.Write(ref state, Written);

    /// <summary>Keeps the message from being sent if it is not too late, and says how far it got.</summary>
    public LdapSent Withdraw()
    {
        switch (Interlocked.CompareExchange(ref state, Withdrawn, Queued))
        {
            case Queued:
                Wipe();
                return LdapSent.No;
            case Withdrawn:
                return LdapSent.No;
            case Writing:
                return LdapSent.Maybe;
            default:
                return LdapSent.Yes;
        }
    }

    public void Wipe() => CryptographicOperations.ZeroMemory(encoded);
}
