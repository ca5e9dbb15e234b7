namespace PasswordSync.Actors.Runtime;

/// <summary>
/// A message of an actor to itself that says no more than that there is something to look at. One that has stopped misses nothing by it, so what its mailbox holds of them then is no dead letter.
/// </summary>
public interface IReminder;
