namespace CtSeg.TrainingJob.Promotion;

/// <summary>Student's t distribution, with any number of degrees of freedom, and the normal one.</summary>
internal static class StudentT
{
    private const int Halvings = 200;
    private const double Tiny = 1e-300;

    /// <returns>The value that the distribution stays below with a probability.</returns>
    /// <param name="probability">0.5 to below 1.</param>
    /// <param name="degrees">Of freedom, above 0.</param>
    public static double Quantile(double probability, double degrees)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(probability, 0.5);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(probability, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(degrees);
        var (low, high) = (0.0, 1.0);
        while (UpperTail(high, degrees) > 1 - probability && high < 1e12)
            high *= 2;
        for (var halving = 0; halving < Halvings && high - low > 1e-12 * high; halving++)
        {
            var middle = (low + high) / 2;
            (low, high) = UpperTail(middle, degrees) > 1 - probability ? (middle, high) : (low, middle);
        }
        return (low + high) / 2;
    }

    /// <returns>The probability that a normal value lies above <paramref name="value"/>, 0 or more.</returns>
    public static double NormalUpperTail(double value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        // Near the middle the series of the distribution, further out the continued fraction of its tail.
        var density = Math.Exp(-value * value / 2) / Math.Sqrt(2 * Math.PI);
        if (value < 3)
        {
            var (term, sum) = (value, value);
            for (var n = 1; term > 1e-17; n++)
                sum += term *= value * value / ((2 * n) + 1);
            return 0.5 - (density * sum);
        }
        var fraction = 0.0;
        for (var n = 100; n > 0; n--)
            fraction = n / (value + fraction);
        return density / (value + fraction);
    }

    // For a value of 0 or more.
    private static double UpperTail(double value, double degrees) => IncompleteBeta(degrees / 2, 0.5, degrees / (degrees + (value * value))) / 2;

    /// <summary>Regularised; its continued fraction by the method of Lentz.</summary>
    private static double IncompleteBeta(double a, double b, double x)
    {
        if (x is <= 0 or >= 1)
            return x <= 0 ? 0 : 1;
        if (x > (a + 1) / (a + b + 2))
            return 1 - IncompleteBeta(b, a, 1 - x);
        var front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + (a * Math.Log(x)) + (b * Math.Log(1 - x))) / a;
        var (c, d) = (1.0, 1 / NotZero(1 - ((a + b) * x / (a + 1))));
        var fraction = d;
        for (var m = 1; m <= 500; m++)
        {
            Step(m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m))));
            var change = Step(-(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1)));
            if (Math.Abs(change - 1) < 1e-15)
                break;
        }
        return front * fraction;

        double Step(double numerator)
        {
            d = 1 / NotZero(1 + (numerator * d));
            c = NotZero(1 + (numerator / c));
            fraction *= c * d;
            return c * d;
        }
    }

    private static double NotZero(double value) => Math.Abs(value) < Tiny ? Tiny : value;

    /// <summary>Stirling's series, after the argument was raised to where it is exact.</summary>
    private static double LogGamma(double x)
    {
        var below = 1.0;
        for (; x < 15; x++)
            below *= x;
        var (inverse, square) = (1 / x, 1 / (x * x));
        var series = inverse * ((1.0 / 12) - (square * ((1.0 / 360) - (square * ((1.0 / 1260) - (square / 1680))))));
        return ((x - 0.5) * Math.Log(x)) - x + (Math.Log(2 * Math.PI) / 2) + series - Math.Log(below);
    }
}
