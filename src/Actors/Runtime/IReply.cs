namespace PasswordSync.Actors.Runtime;

/// <summary>The promise that travels inside an asked message. The first answer counts; later ones, and those nobody waits for, are ignored.</summary>
public interface IReply<in TReply>
{
    /// <summary>Answers. False if the ask is over: answered before, timed out, given up.</summary>
    bool TryAnswer(TReply reply);

    /// <summary>Lets the ask throw <paramref name="exception"/>. For bugs and broken environments; a refusal is an answer.</summary>
    bool TryFail(Exception exception);
}
