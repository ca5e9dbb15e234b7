namespace PasswordSync.Simulation.World;

/// <summary>How bad the times are: the simulation makes them worse and better.</summary>
internal sealed class Weather
{
    /// <summary>How often a question to the database or its answer is lost.</summary>
    public double Loss { get; set; }

    /// <summary>How often a target cannot be reached, its answer is lost, or its write lands late.</summary>
    public double TargetTrouble { get; set; }

    /// <summary>How often a process stops for a while between two steps of a delivery.</summary>
    public double Stops { get; set; }

    /// <summary>Whether nobody is told that something arrived.</summary>
    public bool LosesNotifications { get; set; }

    /// <summary>Whether nodes' times of day jump; else the database's does.</summary>
    public bool ClocksJump { get; set; }

    /// <summary>
    /// How long a stopped process's connection to a target survives. Together with how wrong clocks may be it stays below the time of the recheck:
    /// what lands later than that nobody can repair.
    /// </summary>
    public TimeSpan ConnectionsSurvive { get; set; } = TimeSpan.FromSeconds(20);
}
