using CtSeg.Segmentation;

namespace CtSeg.Local.Phantom;

/// <summary>COVID-19 lesions: hazy ground glass, dense consolidation below the pleura, fluid at the dependent side.</summary>
internal sealed class PhantomLesions
{
    private sealed record Patch(double X, double Y, (double X, double Y) Along, double Length, double Width, double Strength, uint Seed);

    private readonly PhantomAnatomy _anatomy;
    private readonly List<Patch> _hazes = [], _dense = [];
    private readonly double[] _fluidDepth = [0, 0];

    public PhantomLesions(PhantomNoise noise, PhantomAnatomy anatomy)
    {
        _anatomy = anatomy;
        for (int i = noise.NextInt(2, 5); i > 0; i--)
            _hazes.Add(Place(noise, 0.09, 0.22, subpleural: noise.Chance(0.7)));
        for (int i = noise.Chance(0.75) ? noise.NextInt(1, 3) : 0; i > 0; i--)
        {
            var patch = Place(noise, 0.06, 0.12, subpleural: true);
            _dense.Add(patch);
            // Consolidation grows out of ground glass.
            _hazes.Add(patch with { Length = patch.Length * 1.6, Width = patch.Width * 1.7, Seed = noise.NextSeed() });
        }
        if (noise.Chance(0.45))
            _fluidDepth[noise.NextInt(0, 1)] = noise.Next(0.07, 0.16);
    }

    /// <summary>Lies at the back and the sides more often than in front, its long axis along the pleura.</summary>
    private Patch Place(PhantomNoise noise, double smallest, double largest, bool subpleural)
    {
        double x, y, depth;
        do
        {
            (x, y) = (noise.Next(-0.85, 0.85), noise.Next(-0.45, 0.65));
            depth = -_anatomy.Lungs(x, y);
        }
        while (depth < 0.01 || (subpleural && (_anatomy.Cavity(x, y) < -0.07 || Math.Abs(x) < 0.22)) || (y < 0 && noise.Chance(0.7)) || (y < 0.3 && Math.Abs(x) < 0.42));
        double gx = _anatomy.Lungs(x + 0.02, y) - _anatomy.Lungs(x - 0.02, y), gy = _anatomy.Lungs(x, y + 0.02) - _anatomy.Lungs(x, y - 0.02);
        double slope = Math.Max(1e-6, Math.Sqrt(gx * gx + gy * gy)), length = noise.Next(smallest, largest);
        return new Patch(x, y, (-gy / slope, gx / slope), length, length * noise.Next(0.5, 0.85), noise.Next(0.75, 1), noise.NextSeed());
    }

    /// <summary>Density and class of a point of the lung.</summary>
    /// <param name="density">HU of the healthy lung there.</param>
    /// <param name="vessel">How much of it is vessel, 0 to 1.</param>
    public (double Density, LesionClass Class) At(double x, double y, double density, double vessel)
    {
        // A meniscus: thinner towards the front.
        double fluid = _fluidDepth[x < 0 ? 0 : 1] * PhantomNoise.Step(3.5 * y + 0.1);
        if (fluid > 0 && _anatomy.Cavity(x, y + fluid) > 0.012 * (PhantomNoise.Smooth(3, 9 * x, 9 * y) - 0.5))
            return (12, LesionClass.PleuralEffusion);
        double dense = 0, haze = 0;
        foreach (var patch in _dense)
            dense = Math.Max(dense, Presence(patch, x, y, roughness: 1.3, frequency: 11));
        foreach (var patch in _hazes)
            haze = Math.Max(haze, patch.Strength * Presence(patch, x, y, roughness: 1.1, frequency: 6));
        var lesion = dense > 0.5 ? LesionClass.Consolidation : haze > 0.36 ? LesionClass.GroundGlassOpacity : LesionClass.Background;
        double grain = PhantomNoise.Cloud(11, 40 * x, 40 * y, 2) - 0.5;
        density += PhantomNoise.Step(haze * 1.25) * (330 + 260 * grain);
        // Open airways stay dark inside consolidation.
        double airway = PhantomNoise.Step((PhantomNoise.Smooth(17, 24 * x, 24 * y) - 0.80) * 8) * 420;
        density += PhantomNoise.Step((dense - 0.3) / 0.4) * (15 - airway + 90 * grain - density);
        return (Math.Max(density, density + vessel * (30 - density)), lesion);
    }

    // 1 in the middle, about 0.5 at the border, which the noise makes irregular.
    private static double Presence(Patch patch, double x, double y, double roughness, double frequency)
    {
        double edge = Shape.Tilted(x, y, patch.X, patch.Y, patch.Along, patch.Length, patch.Width) / patch.Width;
        if (edge > 1.2)
            return 0;
        edge += roughness * (PhantomNoise.Cloud(patch.Seed, frequency * x, frequency * y, 3) - 0.5) * 1.6;
        return PhantomNoise.Step(0.5 - edge * 0.9);
    }
}
