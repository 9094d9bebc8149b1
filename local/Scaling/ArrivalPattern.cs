namespace CtSeg.Local.Scaling;

/// <summary>
/// How hospitals upload in one working day. All are in one time zone, which is the hardest case. Each draws from a source of its own, so that
/// more hospitals never change what the others do.
/// </summary>
/// <param name="Hospitals">Hospitals that share one system.</param>
internal sealed record ArrivalPattern(int Hospitals)
{
    private const double SecondsPerHour = 3600;

    // Share of the day's routine studies by the hour from 7 to 19: more in the late morning, fewer at noon.
    private static readonly double[] RoutineByHour = [2, 6, 10, 12, 12, 7, 9, 11, 10, 8, 4, 2];
    private const int FirstRoutineHour = 7;

    // Night: from 19 to 7.
    private const int FirstNightHour = 19;
    private const double NightHours = 12;

    // A backlog comes in the hours in which most else comes too.
    private const double BacklogAt = 10 * SecondsPerHour;

    /// <value>Studies of a hospital between 7 and 19 o'clock, on average; 12.</value>
    public double RoutineStudies { get; init; } = 12;

    /// <value>Studies of a hospital in the night, on average; 1.5.</value>
    public double EmergencyStudies { get; init; } = 1.5;

    /// <value>Slices of a study at least: a thorax in slices of 5 to 7 mm; 40.</value>
    public int MinSlices { get; init; } = 40;

    /// <value>Slices of a study at most; 80.</value>
    public int MaxSlices { get; init; } = 80;

    /// <value>Slices a second in which a study is uploaded; 5.</value>
    public double UploadRate { get; init; } = 5;

    /// <value>Slices of old studies that one hospital uploads at ten o'clock; none.</value>
    public int Backlog { get; init; }

    /// <value>Slices a second in which the backlog is uploaded; 50.</value>
    public double BacklogRate { get; init; } = 50;

    /// <returns>All slices of the day, by time.</returns>
    public SliceArrival[] Draw(int seed)
    {
        var slices = new List<SliceArrival>();
        for (var hospital = 0; hospital < Hospitals; hospital++)
            AddDay(slices, new Random(HashCode(seed, hospital)));
        for (var i = 0; i < Backlog; i++)
            slices.Add(new SliceArrival(BacklogAt + i / BacklogRate, StudyKind.Backlog));
        return [.. slices.OrderBy(slice => slice.At)];
    }

    // System.HashCode differs from process to process.
    private static int HashCode(int seed, int hospital) => unchecked((seed * 486_187_739 + hospital) * 16_777_619 ^ hospital);

    private void AddDay(List<SliceArrival> slices, Random random)
    {
        for (var left = Poisson(random, RoutineStudies); left > 0; left--)
            AddStudy(slices, random, (FirstRoutineHour + Hour(random) + random.NextDouble()) * SecondsPerHour, StudyKind.Routine);
        for (var left = Poisson(random, EmergencyStudies); left > 0; left--)
            AddStudy(slices, random, (FirstNightHour + random.NextDouble() * NightHours) % 24 * SecondsPerHour, StudyKind.Emergency);
    }

    private void AddStudy(List<SliceArrival> slices, Random random, double at, StudyKind kind)
    {
        var count = random.Next(MinSlices, MaxSlices + 1);
        for (var i = 0; i < count; i++)
            slices.Add(new SliceArrival(at + i / UploadRate, kind));
    }

    private static int Hour(Random random)
    {
        var drawn = random.NextDouble() * RoutineByHour.Sum();
        for (var hour = 0; hour < RoutineByHour.Length; hour++)
            if ((drawn -= RoutineByHour[hour]) < 0)
                return hour;
        return RoutineByHour.Length - 1;
    }

    // By Knuth: enough for means of a few dozen.
    private static int Poisson(Random random, double mean)
    {
        var limit = Math.Exp(-mean);
        var count = 0;
        for (var product = random.NextDouble(); product > limit; product *= random.NextDouble())
            count++;
        return count;
    }
}
